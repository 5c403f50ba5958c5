-- The runs of a person that listen for a type of event, in the order in which they were registered.
-- $1 user, $2 event type, $3 when the event happened: what began later does not hear it
SELECT user_id, workflow_id, journey, listens_for, topic, transactional, since, registered_at
FROM running_journey
WHERE user_id = $1 AND $2 = ANY (listens_for) AND since <= $3::timestamptz
ORDER BY registered_at, workflow_id
