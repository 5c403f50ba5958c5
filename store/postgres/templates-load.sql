-- One version of a template, as it was published.
-- $1: name, $2: version.
SELECT body FROM template_version WHERE name = $1 AND version = $2
