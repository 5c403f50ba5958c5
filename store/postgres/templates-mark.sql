-- Marks a version as taken back by a rollback, or no longer so.
-- $1: name, $2: version, $3: whether it is taken back.
UPDATE template_version SET taken_back = $3
WHERE name = $1 AND version = $2 AND taken_back <> $3
