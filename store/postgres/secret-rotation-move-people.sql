-- Everyone with one of these addresses gets its new hash, also those whose turn comes later: their suppressions move now. The version goes
-- up, so that a claim which has looked under the previous hash looks again.
-- $1: previous hashes, $2: the new ones.
UPDATE person SET address_hash = pair.new_hash, version = version + 1
FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)
WHERE person.address_hash = pair.old_hash
RETURNING person.user_id
