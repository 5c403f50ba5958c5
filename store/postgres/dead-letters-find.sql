-- Whether a message has a dead letter.
-- $1 id
SELECT id FROM dead_letter WHERE id = $1 LIMIT 1
