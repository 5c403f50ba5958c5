-- Of lifts under both hashes, the later one stays, under the new hash.
-- $1: previous hashes, $2: the new ones.
WITH pair AS (SELECT * FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)),
twin AS (
  DELETE FROM suppression_lift AS old
  USING pair
  WHERE old.address_hash = pair.old_hash
    AND EXISTS (SELECT FROM suppression_lift AS new WHERE new.address_hash = pair.new_hash AND new.reason = old.reason)
  RETURNING old.*, pair.new_hash
)
UPDATE suppression_lift SET at = greatest(suppression_lift.at, twin.at)
FROM twin
WHERE suppression_lift.address_hash = twin.new_hash AND suppression_lift.reason = twin.reason
