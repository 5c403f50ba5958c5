-- Stores an event once: returns a row if it is new. The look at all months finds an id that was used in another one; the primary
-- key decides between two ingresses that have the same event at the same time. An arrival that is more than a week away counts as
-- a week away, since there may be no month for it.
-- $1 event id, $2 type, $3 user, $4 when it happened, $5 when the stream got it, $6 payload, $7 personal fields, $8 metadata
INSERT INTO event (event_id, month, event_type, user_id, happened_at, received_at, payload, personal, metadata)
SELECT $1, date_trunc('month', arrival.at AT TIME ZONE 'UTC')::date,
  $2, $3, $4::timestamptz, $5::timestamptz, $6::jsonb, $7::jsonb, $8::jsonb
FROM (
  SELECT least(greatest($5::timestamptz, clock_timestamp() - interval '7 days'), clock_timestamp() + interval '7 days') AS at
) AS arrival
WHERE NOT EXISTS (SELECT FROM event WHERE event_id = $1)
ON CONFLICT DO NOTHING
RETURNING event_id
