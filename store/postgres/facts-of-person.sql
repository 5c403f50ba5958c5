-- Facts about one person, oldest first, page by page. The order must be total (at, then id), or a page would skip some.
-- $1 user_id, $2 and $3 the time and the id of the last fact of the page before, $4 how many.
SELECT id, at, what, user_id, address_hash, event_id, tag, journey, template, template_version, topic, details
FROM fact
WHERE user_id = $1 AND (at, id) > ($2::timestamptz, $3)
ORDER BY at, id
LIMIT $4
