-- All rows of one schedule, as one JSON text that is the same for the same state: times become hours, or nothing.
-- $1 tag, $2 user id, $3 address hash, $4 name of the pause
SELECT jsonb_build_object(
  'person', (SELECT coalesce(jsonb_agg(to_jsonb(p) || '{"recorded_at": "2026-01-01T00:00:00Z"}'), '[]') FROM person AS p WHERE user_id = $2),
  'address', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM address AS a WHERE hash = $3),
  'consent', (SELECT coalesce(jsonb_agg(to_jsonb(c)), '[]') FROM consent AS c WHERE user_id = $2),
  'suppression', (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM suppression AS s WHERE address_hash = $3),
  'send', (
    SELECT coalesce(jsonb_agg(
      to_jsonb(s) - 'claimed_at' || jsonb_build_object(
        'age', floor(extract(epoch FROM clock_timestamp() - claimed_at) / 3600),
        'doubt', doubt || jsonb_build_object('since', floor((extract(epoch FROM clock_timestamp()) - (doubt ->> 'since')::bigint / 1000) / 3600))
      )
    ), '[]')
    FROM send AS s
    WHERE tag = $1
  ),
  'fact', (SELECT coalesce(jsonb_agg(to_jsonb(f) || '{"at": "2026-01-01T00:00:00Z"}' ORDER BY id), '[]') FROM fact AS f WHERE user_id = $2),
  'stop', (SELECT coalesce(jsonb_agg(to_jsonb(s) || '{"since": "2026-01-01T00:00:00Z"}'), '[]') FROM stop AS s WHERE name = $4)
)::text AS rows
