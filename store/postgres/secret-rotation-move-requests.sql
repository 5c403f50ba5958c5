-- A request for confirmation is found under the new hash. Where there is one under both, that of the new hash is the later one.
-- $1: previous hashes, $2: the new ones.
WITH pair AS (SELECT * FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)),
twin AS (
  DELETE FROM confirmation_request AS old
  USING pair, confirmation_request AS new
  WHERE old.address_hash = pair.old_hash AND new.address_hash = pair.new_hash AND new.topic = old.topic
  RETURNING old.address_hash, old.topic
)
UPDATE confirmation_request AS moving SET address_hash = pair.new_hash
FROM pair
WHERE moving.address_hash = pair.old_hash
  AND (moving.address_hash, moving.topic) NOT IN (SELECT address_hash, topic FROM twin)
