-- Appends to the log, says which record is in force, and moves the version that a claim compares: without that, an opt-out
-- between the look and the claim of a send would not hold. Inside the transaction that has locked the person.
-- $1 user id, $2 records as a JSON array, $3 records that come into force, $4 hash and $5 text of the wording (NULL: none)
WITH added AS (
  SELECT *
  FROM jsonb_to_recordset($2::jsonb) AS added (id text, topic text, state text, captured_at timestamptz, details jsonb)
),
shown AS (
  INSERT INTO wording (hash, wording)
  SELECT $4, $5
  WHERE $4::text IS NOT NULL
  ON CONFLICT DO NOTHING
),
logged AS (
  INSERT INTO consent_log (user_id, id, topic, state, captured_at, received_at, details)
  SELECT $1, id, topic, state, captured_at, statement_timestamp(), details
  FROM added
),
decided AS (
  INSERT INTO consent (user_id, topic, state, captured_at, incidental, address_hash, record)
  SELECT $1, topic, state, captured_at, incidental, details ->> 'address_hash', id
  FROM jsonb_to_recordset($3::jsonb)
    AS decided (id text, topic text, state text, captured_at timestamptz, incidental boolean, details jsonb)
  ON CONFLICT (user_id, topic) DO UPDATE
  SET state = excluded.state, captured_at = excluded.captured_at, incidental = excluded.incidental,
    address_hash = excluded.address_hash, record = excluded.record
)
UPDATE person
SET version = version + 1
WHERE user_id = $1 AND $3::jsonb <> '[]'
