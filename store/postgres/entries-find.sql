-- What was decided about an event; no row when it was never recorded.
-- $1 event id
SELECT decision
FROM event
WHERE event_id = $1
ORDER BY month
LIMIT 1
