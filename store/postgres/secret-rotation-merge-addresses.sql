-- Of what is known of an address under both hashes, the newer state of the recipient stays, with the longer streak of bounces. The version
-- goes up beyond both: a claim that has seen either of them must look again.
-- $1: previous hashes, $2: the new ones.
WITH pair AS (SELECT * FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)),
twin AS (
  DELETE FROM address AS old
  USING pair
  WHERE old.hash = pair.old_hash AND EXISTS (SELECT FROM address AS new WHERE new.hash = pair.new_hash)
  RETURNING old.*, pair.new_hash
)
UPDATE address SET
  version = greatest(address.version, twin.version) + 1,
  recipient = CASE WHEN twin.recipient_at > coalesce(address.recipient_at, '-infinity') THEN twin.recipient ELSE address.recipient END,
  recipient_at = greatest(address.recipient_at, twin.recipient_at),
  streak = greatest(address.streak, twin.streak)
FROM twin
WHERE address.hash = twin.new_hash
