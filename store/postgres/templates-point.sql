-- Says which version is sent, and which one is pinned.
-- $1: name, $2: the live version, $3: the pinned version or NULL.
INSERT INTO template (name, live, pinned)
VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET live = excluded.live, pinned = excluded.pinned
