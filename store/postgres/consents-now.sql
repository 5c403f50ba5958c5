-- The record in force for each topic, and what it amounts to at the person's address of now: `heldAt` in store/consents.ts is the same rule.
-- $1 user id
SELECT log.id, log.topic, log.captured_at, log.received_at, log.details,
  CASE
    WHEN consent.state = 'granted' AND consent.address_hash IS NOT NULL
      AND consent.address_hash <> ALL (array_remove(ARRAY[person.address_hash, person.previous_address_hash], NULL)) THEN 'pending'
    ELSE consent.state
  END AS state
FROM consent
JOIN consent_log AS log ON log.user_id = consent.user_id AND log.id = consent.record
LEFT JOIN person ON person.user_id = consent.user_id
WHERE consent.user_id = $1
