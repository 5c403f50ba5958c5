-- Everything that was done to a template, oldest first.
-- $1: its name.
SELECT action, version, live, author, message, at
FROM template_history
WHERE name = $1
ORDER BY id
