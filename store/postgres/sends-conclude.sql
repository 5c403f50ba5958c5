-- Ends an email without the provider having taken it: refused, or unknown after all that could be asked was asked. Writes the
-- fact with the change. Only the claim that was refused or decided: another attempt may have the email by now.
-- $1 tag, $2 claim, $3 outcome, $4 detail, $5 the provider's text (personal), or NULL
WITH ended AS (
  UPDATE send SET state = $3, doubt = NULL, detail = $4
  WHERE tag = $1 AND state = 'claimed' AND claim = $2
  RETURNING *
),
fact AS (
  INSERT INTO fact (id, at, what, user_id, tag, journey, template, template_version, topic, details, month)
  SELECT $3 || '/' || tag, clock_timestamp(), $3, user_id, tag, journey, template, template_version, topic,
    jsonb_strip_nulls(jsonb_build_object('detail', $4::text, 'personal', CASE WHEN $5::text IS NOT NULL THEN jsonb_build_object('provider_text', $5::text) END)), month
  FROM ended
  ON CONFLICT DO NOTHING
)
SELECT tag FROM ended
