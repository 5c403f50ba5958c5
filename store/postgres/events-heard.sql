-- What was recorded of a person within the last day, for a journey that has just registered. By recorded_at, not received_at: after
-- days without an ingress, events of days ago are processed side by side. now() rather than
-- clock_timestamp(), so that the index is used.
-- $1 user, $2 event types, $3 since when they must have happened
SELECT event_id, event_type, user_id, happened_at, payload, metadata, personal
FROM (
  SELECT *
  FROM event
  WHERE user_id = $1 AND event_type = ANY ($2) AND recorded_at >= now() - interval '1 day' AND happened_at >= $3::timestamptz
  ORDER BY recorded_at DESC
  LIMIT 100
) AS newest
ORDER BY happened_at, event_id
