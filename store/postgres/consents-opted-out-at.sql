-- The newest opt-out in force of each topic, of everybody else who has an address or had it when they opted out.
-- $1 keyed hashes of the address, $2 user id
SELECT DISTINCT ON (said.topic) said.topic, said.captured_at, said.id
FROM (
  SELECT consent.user_id, consent.topic, consent.captured_at, consent.record AS id
  FROM person
  JOIN consent ON consent.user_id = person.user_id
  WHERE (person.address_hash = ANY ($1::text[]) OR person.previous_address_hash = ANY ($1::text[])) AND consent.state = 'revoked'
  UNION ALL
  SELECT user_id, topic, captured_at, record
  FROM consent
  WHERE address_hash = ANY ($1::text[]) AND state = 'revoked'
) AS said
WHERE said.user_id <> $2
ORDER BY said.topic, said.captured_at DESC, said.id
