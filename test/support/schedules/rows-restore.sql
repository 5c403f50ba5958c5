-- Inserts what rows-read.sql returned, with the names of another schedule.
-- $1 rows
WITH
given AS (SELECT $1::jsonb AS r),
people AS (INSERT INTO person SELECT p.* FROM given, jsonb_populate_recordset(NULL::person, r -> 'person') AS p),
addresses AS (INSERT INTO address SELECT a.* FROM given, jsonb_populate_recordset(NULL::address, r -> 'address') AS a),
consents AS (INSERT INTO consent SELECT c.* FROM given, jsonb_populate_recordset(NULL::consent, r -> 'consent') AS c),
suppressions AS (INSERT INTO suppression SELECT s.* FROM given, jsonb_populate_recordset(NULL::suppression, r -> 'suppression') AS s),
sends AS (
  INSERT INTO send
  SELECT s.*
  FROM given, jsonb_array_elements(r -> 'send') AS each,
    jsonb_populate_record(NULL::send, each - 'doubt' || jsonb_build_object(
      'claimed_at', clock_timestamp() - make_interval(hours => (each -> 'age')::int)
    ) || CASE WHEN each -> 'doubt' = 'null' THEN '{}' ELSE jsonb_build_object(
      'doubt', each -> 'doubt' || jsonb_build_object(
        'since', (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 3600000 * (each -> 'doubt' -> 'since')::bigint
      )
    ) END) AS s
),
facts AS (INSERT INTO fact SELECT f.* FROM given, jsonb_populate_recordset(NULL::fact, r -> 'fact') AS f)
INSERT INTO stop SELECT s.* FROM given, jsonb_populate_recordset(NULL::stop, r -> 'stop') AS s
