-- The newest opt-out in force of each topic, of everybody else who has an address.
-- $1 keyed hashes of the address, $2 user id
SELECT DISTINCT ON (consent.topic) consent.topic, consent.captured_at, consent.record AS id
FROM person
JOIN consent ON consent.user_id = person.user_id
WHERE (person.address_hash = ANY ($1::text[]) OR person.previous_address_hash = ANY ($1::text[]))
  AND person.user_id <> $2
  AND consent.state = 'revoked'
ORDER BY consent.topic, consent.captured_at DESC, consent.record
