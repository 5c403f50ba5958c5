-- What is in force about one topic and about all of them, at the person's address of now. $1 user id, $2 topic
SELECT consent.topic, consent.captured_at, consent.incidental,
  CASE
    WHEN consent.state = 'granted' AND consent.address_hash IS NOT NULL
      AND consent.address_hash <> ALL (array_remove(ARRAY[person.address_hash, person.previous_address_hash], NULL)) THEN 'pending'
    ELSE consent.state
  END AS state
FROM consent
LEFT JOIN person ON person.user_id = consent.user_id
WHERE consent.user_id = $1 AND consent.topic IN ($2, '*')
