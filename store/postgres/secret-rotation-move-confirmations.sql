-- Consent that was confirmed at an address is found under its new hash. Before the people: it goes by their hash of before.
-- $1: previous hashes, $2: the new ones.
WITH moved AS (
  UPDATE consent SET address_hash = pair.new_hash
  FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)
  JOIN person ON person.address_hash = pair.old_hash
  WHERE consent.user_id = person.user_id AND consent.address_hash = pair.old_hash
)
UPDATE consent_log SET details = details || jsonb_build_object('address_hash', pair.new_hash)
FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)
JOIN person ON person.address_hash = pair.old_hash
WHERE consent_log.user_id = person.user_id AND consent_log.details ->> 'address_hash' = pair.old_hash
