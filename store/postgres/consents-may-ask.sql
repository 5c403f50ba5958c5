-- Makes this event the one that asks for a confirmation, for each of the topics about which no other does: one asks a day, unless
-- the one before was answered. Requests of more than a day ago are forgotten, a few at a time.
-- $1 user id, $2 event id, $3 topics
WITH forgotten AS (
  DELETE FROM confirmation_request
  WHERE (address_hash, topic) IN (
    SELECT address_hash, topic
    FROM confirmation_request
    WHERE asked_at < clock_timestamp() - interval '2 days'
      AND address_hash IS DISTINCT FROM (SELECT address_hash FROM person WHERE user_id = $1)
    ORDER BY asked_at
    LIMIT 10
    FOR UPDATE SKIP LOCKED
  )
),
asked AS (
  INSERT INTO confirmation_request AS open (address_hash, topic, user_id, event_id)
  SELECT person.address_hash, topic.name, $1, $2
  FROM person
  CROSS JOIN (SELECT DISTINCT unnest($3::text[]) AS name ORDER BY name) AS topic
  WHERE person.user_id = $1 AND person.address_hash IS NOT NULL
  ON CONFLICT (address_hash, topic) DO UPDATE
  SET user_id = $1, event_id = $2,
    asked_at = CASE WHEN open.event_id = $2 THEN open.asked_at ELSE clock_timestamp() END
  WHERE open.event_id = $2
    OR open.asked_at < clock_timestamp() - interval '1 day'
    OR EXISTS (
      SELECT
      FROM consent_log AS answer
      WHERE answer.user_id = open.user_id
        AND answer.topic IN (open.topic, '*')
        AND answer.state <> 'pending'
        AND answer.received_at > open.asked_at
    )
  RETURNING topic
)
SELECT EXISTS (SELECT FROM asked)
  OR NOT EXISTS (SELECT FROM person WHERE user_id = $1 AND address_hash IS NOT NULL) AS may
