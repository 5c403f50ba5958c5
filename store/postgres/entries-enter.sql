-- Adds an entry to a place, under its lock.
-- $1 user, $2 journey, $3 what is counted beside the person (hash), $4 event id, $5 when it happened,
-- $6 how long it is kept, in ms; NULL: as long as the person
INSERT INTO entry (user_id, journey, per, event_id, happened_at, ends_on)
VALUES (
  $1, $2, $3, $4, $5,
  CASE
    WHEN $6::bigint IS NULL THEN 'infinity'
    ELSE (clock_timestamp() AT TIME ZONE 'UTC' + $6::bigint * interval '1 millisecond')::date
  END
)
ON CONFLICT DO NOTHING
