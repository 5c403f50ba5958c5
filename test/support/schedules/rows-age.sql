-- Lets time pass for one email.
-- $1 tag, $2 hours
UPDATE send
SET claimed_at = claimed_at - make_interval(hours => $2::int),
  doubt = doubt || jsonb_build_object('since', (doubt ->> 'since')::bigint - 3600000 * $2::bigint)
WHERE tag = $1
