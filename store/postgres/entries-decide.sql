-- Writes a decision and its fact, unless there is a decision: returns a row if there was none. Two attempts at once wait for each
-- other at the row, and the second finds that it is not NULL any more. Of two events with one id in two months, the first counts.
-- $1 event id, $2 the decision, $3 the fact; NULL: none
WITH decided AS (
  UPDATE event
  SET decision = $2::jsonb
  WHERE event_id = $1 AND decision IS NULL AND month = (SELECT min(month) FROM event WHERE event_id = $1)
  RETURNING event_id
),
noted AS (
  INSERT INTO fact (id, at, what, user_id, event_id, journey, details, month)
  SELECT said.id, to_timestamp(said.at / 1000.0), said.what, said.user_id, said.event_id, said.journey,
    coalesce(said.details, '{}'), date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
  FROM decided, jsonb_to_record($3::jsonb) AS said (
    id text, at double precision, what text, user_id text, event_id text, journey text, details jsonb
  )
  WHERE $3::jsonb IS NOT NULL
  ON CONFLICT DO NOTHING
)
SELECT event_id FROM decided
