-- Moves suppressions to the new hash. Those that are under both were merged before.
-- $1: previous hashes, $2: the new ones.
UPDATE suppression SET address_hash = pair.new_hash
FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)
WHERE suppression.address_hash = pair.old_hash
RETURNING suppression.reason
