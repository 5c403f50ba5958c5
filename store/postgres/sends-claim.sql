-- The last check and the claim, in one step: nothing about the person has changed since the look, no gate and no pause is in the
-- way, and no other attempt has the email. A claim id is used once: a claim is renewed over itself, under another one. Without the
-- comparison of versions an opt-out between look and claim would not hold; without `over` an attempt in doubt would be sent blindly.
-- $1 tag, $2 claim, $3 claim that was decided ('' for none), $4 possible duplicate (0 or 1), $5 user id, $6 person version,
-- $7 address hashes, $8 the sum of their versions, $9 names of stops, $10 asked at, $11 message key, $12 journey, $13 template,
-- $14 template version, $15 topic
WITH standing AS (
  SELECT
    coalesce((SELECT version FROM person WHERE user_id = $5), 0) = $6
      AND coalesce((SELECT sum(version) FROM address WHERE hash = ANY ($7::text[])), 0) = $8 AS unchanged,
    (SELECT name FROM stop WHERE name = ANY ($9::text[]) ORDER BY array_position($9::text[], name) LIMIT 1) AS stopped,
    -- The month in which the journey asked, so that attempts around midnight of the first meet; never one without a partition.
    coalesce(
      (SELECT month FROM send WHERE tag = $1 LIMIT 1),
      CASE
        WHEN $10::timestamptz < (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month') AT TIME ZONE 'UTC'
          THEN date_trunc('month', now() AT TIME ZONE 'UTC')
        ELSE date_trunc('month', least($10::timestamptz, now()) AT TIME ZONE 'UTC')
      END::date
    ) AS month
),
claimed AS (
  INSERT INTO send (tag, month, message_key, user_id, journey, template, template_version, topic, state, claim)
  SELECT $1, month, $11, $5, $12, $13, $14, $15, 'claimed', $2
  FROM standing
  WHERE unchanged AND stopped IS NULL AND $3 = ''
  ON CONFLICT (tag, month) DO UPDATE
  SET state = 'claimed', claim = $2, claimed_at = clock_timestamp(), template_version = $14
  WHERE send.state = 'released'
  RETURNING tag
),
taken_over AS (
  UPDATE send
  SET state = 'claimed', claim = $2, claimed_at = clock_timestamp(), template_version = $14, doubt = NULL,
    repeats = repeats + $4::int
  FROM standing
  WHERE send.tag = $1 AND send.month = standing.month AND unchanged AND stopped IS NULL AND $3 <> ''
    AND send.state = 'claimed' AND send.claim = $3
  RETURNING send.tag
)
SELECT unchanged, stopped, EXISTS (SELECT FROM claimed) OR EXISTS (SELECT FROM taken_over) AS claimed
FROM standing
