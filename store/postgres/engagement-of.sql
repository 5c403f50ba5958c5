-- How often an email was opened and clicked, by whom, and when first.
-- $1 message tag
SELECT type || ':' || by AS kind, count(*)::int AS count, min(at) AS first
FROM engagement
WHERE tag = $1
GROUP BY type, by
