-- The newest facts about one person, newest first.
-- $1 user_id, $2 how many.
SELECT id, at, what, user_id, address_hash, event_id, tag, journey, template, template_version, topic, details
FROM fact
WHERE user_id = $1
ORDER BY at DESC, id DESC
LIMIT $2
