-- The event with this id. Of two that were stored at the same time in different months, the first: entries-settle.sql decides
-- about the same one.
-- $1 event id
SELECT event_id, event_type, user_id, happened_at, payload, metadata, personal
FROM event
WHERE event_id = $1
ORDER BY month
LIMIT 1
