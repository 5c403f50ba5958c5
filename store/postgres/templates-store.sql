-- Stores a version. One that is there stays as it is: runs of any age render it.
-- $1: name, $2: version, $3: the compiled template, JSON compressed with Brotli.
INSERT INTO template_version (name, version, body)
VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
