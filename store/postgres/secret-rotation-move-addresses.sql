-- Moves what is known of addresses to the new hash. Those that are under both were merged before.
-- $1: previous hashes, $2: the new ones.
UPDATE address SET hash = pair.new_hash, version = version + 1
FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)
WHERE address.hash = pair.old_hash
