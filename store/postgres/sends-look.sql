-- Everything a send has to know, of one instant: its ledger record, the person, their suppressions and consents, and the
-- event's personal fields. The versions are what sends-claim.sql compares: a column that decides about a send belongs under one.
-- $1 tag, $2 user id, $3 topic ('' for none), $4 event id, $5 names of stops
SELECT
  coalesce(p.version, 0) AS person_version,
  hashes.of_address AS address_hashes,
  coalesce((SELECT sum(version) FROM address WHERE hash = ANY (hashes.of_address)), 0)::bigint AS address_version,
  p.email, p.name, p.locale, p.time_zone, p.country, p.plan,
  (
    SELECT jsonb_agg(to_jsonb(s))
    FROM (
      SELECT reason, scope, source,
        (extract(epoch FROM since) * 1000)::bigint AS since,
        (extract(epoch FROM until) * 1000)::bigint AS until
      FROM suppression
      WHERE address_hash = ANY (hashes.of_address) AND (until IS NULL OR until > clock_timestamp())
    ) AS s
  ) AS suppressions,
  (
    SELECT jsonb_object_agg(topic, jsonb_build_object(
      -- Consent that was confirmed at another address has yet to be confirmed.
      'state', CASE WHEN state = 'granted' AND address_hash IS NOT NULL AND address_hash <> ALL (hashes.of_address) THEN 'pending' ELSE state END,
      'captured_at', (extract(epoch FROM captured_at) * 1000)::bigint,
      'incidental', incidental
    ))
    FROM consent
    WHERE user_id = $2 AND topic IN ($3, '*')
  ) AS consents,
  (
    SELECT to_jsonb(r)
    FROM (
      SELECT state, claim, failures, repeats, provider_id, detail, template_version,
        (extract(epoch FROM claimed_at) * 1000)::bigint AS dispatched_at,
        (extract(epoch FROM clock_timestamp() - claimed_at) * 1000)::bigint AS age_ms
      FROM send
      WHERE tag = $1
      LIMIT 1
    ) AS r
  ) AS record,
  (SELECT personal FROM event WHERE event_id = $4 LIMIT 1) AS personal,
  (SELECT name FROM stop WHERE name = ANY ($5::text[]) ORDER BY array_position($5::text[], name) LIMIT 1) AS stopped
FROM (SELECT) AS one
LEFT JOIN person AS p ON p.user_id = $2
CROSS JOIN LATERAL (SELECT array_remove(ARRAY[p.address_hash, p.previous_address_hash], NULL) AS of_address) AS hashes
