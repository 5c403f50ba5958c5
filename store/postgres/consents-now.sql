-- The record in force for each topic. $1 user id
SELECT log.id, log.topic, log.state, log.captured_at, log.received_at, log.details
FROM consent
JOIN consent_log AS log ON log.user_id = consent.user_id AND log.id = consent.record
WHERE consent.user_id = $1
