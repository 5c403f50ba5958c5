-- Writes a stop. From the commit on, no claim that reads it lets an email pass.
-- $1: name, $2: since, $3: gate or NULL, $4: probed_at or NULL.
INSERT INTO stop (name, since, gate, probed_at)
VALUES ($1, $2, $3::jsonb, $4)
ON CONFLICT (name) DO UPDATE SET since = excluded.since, gate = excluded.gate, probed_at = excluded.probed_at
