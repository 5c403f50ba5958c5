-- Records what one event says about a person. A field is replaced only by an event at least as new as the one that wrote it
-- (said_at), so that events may arrive in any order; `merged` in store/contacts.ts is the same rule. The version goes up with
-- each change of what decides whether and when they may get an email: without that, a claim would not notice the change.
-- $1 user id, $2 email, $3 name, $4 locale, $5 time zone, $6 country, $7 plan (NULL: not mentioned), $8 hash of the address,
-- $9 when the event happened, in Unix ms, $10 hash of the address under the secret before, if there is one
INSERT INTO person AS known (user_id, email, name, locale, time_zone, country, plan, address_hash, previous_address_hash, said_at)
VALUES (
  $1, $2, $3, $4, $5, $6, $7, $8, $10,
  jsonb_strip_nulls(jsonb_build_object(
    'email', CASE WHEN $2::text IS NOT NULL THEN $9::float8 END,
    'name', CASE WHEN $3::text IS NOT NULL THEN $9::float8 END,
    'locale', CASE WHEN $4::text IS NOT NULL THEN $9::float8 END,
    'time_zone', CASE WHEN $5::text IS NOT NULL THEN $9::float8 END,
    'country', CASE WHEN $6::text IS NOT NULL THEN $9::float8 END,
    'plan', CASE WHEN $7::text IS NOT NULL THEN $9::float8 END
  ))
)
ON CONFLICT (user_id) DO UPDATE
SET (email, address_hash, previous_address_hash, name, locale, time_zone, country, plan, said_at, version) = (
  SELECT
    newer.email, newer.address_hash, newer.previous_address_hash, newer.name, newer.locale, newer.time_zone, newer.country, newer.plan,
    known.said_at || newer.said_at,
    known.version + CASE
      WHEN (newer.email, newer.time_zone, newer.country) IS DISTINCT FROM (known.email, known.time_zone, known.country) THEN 1
      ELSE 0
    END
  FROM (
    SELECT
      CASE WHEN fresh.said_at ? 'email' THEN excluded.email ELSE known.email END AS email,
      CASE WHEN fresh.said_at ? 'email' THEN excluded.address_hash ELSE known.address_hash END AS address_hash,
      CASE WHEN fresh.said_at ? 'email' THEN excluded.previous_address_hash ELSE known.previous_address_hash END AS previous_address_hash,
      CASE WHEN fresh.said_at ? 'name' THEN excluded.name ELSE known.name END AS name,
      CASE WHEN fresh.said_at ? 'locale' THEN excluded.locale ELSE known.locale END AS locale,
      CASE WHEN fresh.said_at ? 'time_zone' THEN excluded.time_zone ELSE known.time_zone END AS time_zone,
      CASE WHEN fresh.said_at ? 'country' THEN excluded.country ELSE known.country END AS country,
      CASE WHEN fresh.said_at ? 'plan' THEN excluded.plan ELSE known.plan END AS plan,
      fresh.said_at
    FROM (
      -- The fields that this event replaces.
      SELECT coalesce(jsonb_object_agg(said.key, said.value), '{}') AS said_at
      FROM jsonb_each(excluded.said_at) AS said
      WHERE coalesce((known.said_at ->> said.key)::float8 <= $9, true)
    ) AS fresh
  ) AS newer
)
