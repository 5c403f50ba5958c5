-- The provider has the email: says the answer, or the feed. Writes the fact `sent` with the change, once. An id that is lost ('')
-- leaves a known one alone; another id than the known one means that the email was sent twice.
-- $1 tag, $2 provider id, $3 whether the feed says so
WITH before AS (
  SELECT tag, month, state, provider_id, reported FROM send WHERE tag = $1 FOR UPDATE
),
accepted AS (
  UPDATE send
  SET state = 'accepted', doubt = NULL, reported = send.reported OR $3::boolean,
    provider_id = CASE WHEN coalesce(send.provider_id, '') = '' THEN $2 ELSE send.provider_id END
  FROM before
  WHERE send.tag = before.tag AND send.month = before.month
    AND (before.state <> 'accepted' OR coalesce(before.provider_id, '') = '' OR ($3::boolean AND NOT before.reported))
  RETURNING send.*, before.state AS state_before
),
fact AS (
  INSERT INTO fact (id, at, what, user_id, tag, journey, template, template_version, topic, details, month)
  SELECT 'sent/' || tag, clock_timestamp(), 'sent', user_id, tag, journey, template, template_version, topic,
    jsonb_strip_nulls(jsonb_build_object('provider_id', nullif(provider_id, ''), 'repeats', nullif(repeats, 0))), month
  FROM accepted
  WHERE state_before <> 'accepted'
  ON CONFLICT DO NOTHING
)
SELECT
  CASE WHEN before.state = 'accepted' AND before.provider_id <> '' AND $2 <> '' AND before.provider_id <> $2 THEN 'again' ELSE 'accepted' END AS kind,
  (SELECT claimed_at FROM accepted) AS dispatched_at
FROM before
