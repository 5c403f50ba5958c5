-- Notes in the record of an email that its claim is in doubt, once, with the fact. Returns for how long it has been, and an
-- operator's decision. The note belongs to the claim: whatever changes that removes it.
-- $1 tag, $2 user id, $3 class, $4 why, $5 claim
WITH known AS (
  UPDATE send
  SET doubt = coalesce(doubt, jsonb_build_object(
    'since', (extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'class', $3::text, 'why', $4::text
  ))
  WHERE tag = $1 AND state = 'claimed' AND claim = $5
  RETURNING doubt
),
fact AS (
  INSERT INTO fact (id, at, what, user_id, tag, details, month)
  SELECT 'in_doubt/' || $1 || '/' || $5, clock_timestamp(), 'in_doubt', $2, $1, jsonb_build_object('why', $4::text),
    date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
  FROM known
  ON CONFLICT DO NOTHING
)
SELECT greatest(0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - (doubt ->> 'since')::bigint) AS age_ms,
  doubt ->> 'decision' AS decision
FROM known
