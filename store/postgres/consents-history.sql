-- Everything that a person ever stated, oldest first, with the texts that they were shown. $1 user id
SELECT log.id, log.topic, log.state, log.captured_at, log.received_at, log.details, wording.wording
FROM consent_log AS log
LEFT JOIN wording ON wording.hash = log.details ->> 'wording'
WHERE log.user_id = $1
ORDER BY log.received_at, log.captured_at, log.id
