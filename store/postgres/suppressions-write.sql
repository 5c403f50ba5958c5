-- Writes all suppressions of an address for one reason, and moves the version that a claim compares: without that, an email
-- that was looked at before would still be sent. Inside the transaction that has locked the address.
-- $1 keyed hash of the address, $2 reason, $3 the suppressions as a JSON array, at most one of each scope
WITH wanted AS (
  SELECT *
  FROM jsonb_to_recordset($3::jsonb) AS wanted (scope text, since timestamptz, until timestamptz, source text, to_report boolean)
),
removed AS (
  DELETE FROM suppression
  WHERE address_hash = $1 AND reason = $2 AND scope NOT IN (SELECT scope FROM wanted)
),
written AS (
  INSERT INTO suppression (address_hash, reason, scope, since, until, source, to_report)
  SELECT $1, $2, scope, since, until, source, to_report
  FROM wanted
  ON CONFLICT (address_hash, reason, scope) DO UPDATE
  SET since = excluded.since, until = excluded.until, source = excluded.source, to_report = excluded.to_report
)
UPDATE address
SET version = version + 1
WHERE hash = $1
RETURNING version
