-- Of suppressions with one reason under both hashes, the one under the new hash becomes as wide and as long as both, and the other ends.
-- Widening only: a merge must not let an email pass that either of them stops. Of an opt-out the later beginning counts, as in `widen`
-- in store/suppressions.ts.
-- $1: previous hashes, $2: the new ones.
WITH pair AS (SELECT * FROM unnest($1::text[], $2::text[]) AS pair (old_hash, new_hash)),
twin AS (
  DELETE FROM suppression AS old
  USING pair
  WHERE old.address_hash = pair.old_hash
    AND EXISTS (SELECT FROM suppression AS new WHERE new.address_hash = pair.new_hash AND new.reason = old.reason)
  RETURNING old.*, pair.new_hash
)
UPDATE suppression SET
  scope = CASE WHEN 'all' IN (suppression.scope, twin.scope) THEN 'all' ELSE 'marketing' END,
  since = CASE
    WHEN suppression.reason = 'unsubscribed' THEN greatest(suppression.since, twin.since)
    ELSE least(suppression.since, twin.since)
  END,
  until = CASE WHEN suppression.until IS NULL OR twin.until IS NULL THEN NULL ELSE greatest(suppression.until, twin.until) END,
  to_report = suppression.to_report OR twin.to_report
FROM twin
WHERE suppression.address_hash = twin.new_hash AND suppression.reason = twin.reason
