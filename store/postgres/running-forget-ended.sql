-- Removes runs that have ended, of any people. Returns a row for each that was there.
-- $1 users, $2 their workflow ids, at the same places
DELETE FROM running_journey AS run
USING unnest($1::text[], $2::text[]) AS ended (user_id, workflow_id)
WHERE run.user_id = ended.user_id AND run.workflow_id = ended.workflow_id
RETURNING run.workflow_id
