-- What happened to an address is found under its new hash. The fact itself stays as it is.
-- $1: previous hashes, $2: the new ones.
UPDATE fact SET address_hash = pair.new_hash
FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)
WHERE fact.address_hash = pair.old_hash
