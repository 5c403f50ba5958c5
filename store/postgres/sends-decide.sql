-- An operator's decision about an email in doubt, with its fact. The next attempt acts on it.
-- $1 tag, $2 decision
WITH decided AS (
  UPDATE send SET doubt = doubt || jsonb_build_object('decision', $2::text) WHERE tag = $1 AND doubt IS NOT NULL
  RETURNING tag, user_id
)
INSERT INTO fact (id, at, what, user_id, tag, details, month)
SELECT 'doubt_decided/' || tag || '/' || $2, clock_timestamp(), 'doubt_decided', user_id, tag, jsonb_build_object('decision', $2::text),
  date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
FROM decided
ON CONFLICT (id, month) DO UPDATE SET at = excluded.at
RETURNING tag
