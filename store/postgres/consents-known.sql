-- The records that decide about some topics, those about all topics among them; about every topic if they are all meant (the newest of each state, incidental ones and those confirmed at each address apart), and those that a repeated statement made already.
-- $1 user id, $2 topics, $3 record ids
SELECT id, topic, state, captured_at, received_at, details
FROM (
  SELECT *, row_number() OVER (PARTITION BY topic, state, details ? 'incidental', details ->> 'address_hash' ORDER BY captured_at DESC, received_at, id) AS place
  FROM consent_log
  WHERE user_id = $1 AND (topic = ANY ($2::text[]) OR topic = '*' OR '*' = ANY ($2::text[]))
) AS ranked
WHERE place = 1 OR id = ANY ($3::text[])
ORDER BY received_at, id
