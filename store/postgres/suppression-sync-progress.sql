-- Keeps how far a run has come. $1 run, $2 its progress as JSON
INSERT INTO suppression_sync (run, progress)
VALUES ($1, $2::jsonb)
ON CONFLICT (id) DO UPDATE SET run = excluded.run, progress = excluded.progress
