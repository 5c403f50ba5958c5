-- The newest facts about one address, newest first.
-- $1 address_hash, $2 how many.
SELECT id, at, what, user_id, address_hash, event_id, tag, journey, template, template_version, topic, details
FROM fact
WHERE address_hash = $1
ORDER BY at DESC, id DESC
LIMIT $2
