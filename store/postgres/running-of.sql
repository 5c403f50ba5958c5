-- The runs of a person, in the order in which they were registered.
-- $1 user
SELECT user_id, workflow_id, journey, listens_for, topic, transactional, since, registered_at
FROM running_journey
WHERE user_id = $1
ORDER BY registered_at, workflow_id
