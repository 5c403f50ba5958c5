-- Registers a run before it is started, once: a redelivered event must not make an old entry look new.
-- $1 user, $2 workflow id, $3 journey, $4 event types it listens for, $5 topic, $6 transactional, $7 since, $8 registered at
INSERT INTO running_journey (user_id, workflow_id, journey, listens_for, topic, transactional, since, registered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
