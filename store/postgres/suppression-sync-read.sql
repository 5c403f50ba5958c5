-- The provider's list was read to its end. Only lifts that the reader saw are over: one that was noted again has another
-- time, and one whose transaction ended later was not seen.
-- $1 when the reading began, $2 the lifts that it settled, as a JSON array
WITH settled AS (
  SELECT *
  FROM jsonb_to_recordset($2::jsonb) AS settled (address_hash text, reason text, at timestamptz)
),
removed AS (
  DELETE FROM suppression_lift AS lift
  USING settled
  WHERE lift.address_hash = settled.address_hash AND lift.reason = settled.reason AND lift.at = settled.at
)
INSERT INTO suppression_sync (last_read)
VALUES ($1)
ON CONFLICT (id) DO UPDATE SET last_read = excluded.last_read
