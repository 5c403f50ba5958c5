-- The ledger's record of an email.
-- $1 tag
SELECT state, claim, failures, repeats, provider_id, detail, template_version, user_id, template, topic,
  (extract(epoch FROM claimed_at) * 1000)::bigint AS dispatched_at,
  (extract(epoch FROM clock_timestamp() - claimed_at) * 1000)::bigint AS age_ms
FROM send
WHERE tag = $1
LIMIT 1
