-- Takes runs that nobody has checked for long, the longest unchecked first, and marks them as checked. SKIP LOCKED: two
-- ingresses that sweep at the same time get different ones.
-- $1 for how long, in ms, $2 how many
WITH taken AS (
  SELECT user_id, workflow_id
  FROM running_journey
  WHERE checked_at < now() - $1::double precision * interval '1 millisecond'
  ORDER BY checked_at
  LIMIT $2
  FOR UPDATE SKIP LOCKED
)
UPDATE running_journey AS run
SET checked_at = clock_timestamp()
FROM taken
WHERE run.user_id = taken.user_id AND run.workflow_id = taken.workflow_id
RETURNING run.user_id, run.workflow_id, run.journey, run.listens_for, run.topic, run.transactional, run.since, run.registered_at
