-- What is in force about one topic and about all of them. $1 user id, $2 topic
SELECT topic, state, captured_at, incidental
FROM consent
WHERE user_id = $1 AND topic IN ($2, '*')
