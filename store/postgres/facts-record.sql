-- Appends facts, each once: a fact that comes again, also in another month, is the same fact.
-- $1: the facts, as a JSON array. Used inside the transaction of the state change that they are about.
INSERT INTO fact (id, at, what, user_id, address_hash, event_id, tag, journey, template, template_version, topic, details, month)
SELECT said.id, to_timestamp(said.at / 1000.0), said.what, said.user_id, said.address_hash, said.event_id, said.tag, said.journey,
  said.template, said.template_version, said.topic, coalesce(said.details, '{}'),
  date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
FROM jsonb_to_recordset($1::jsonb) AS said (
  id text, at double precision, what text, user_id text, address_hash text, event_id text, tag text, journey text,
  template text, template_version text, topic text, details jsonb
)
WHERE NOT EXISTS (SELECT FROM fact WHERE fact.id = said.id)
ON CONFLICT DO NOTHING
