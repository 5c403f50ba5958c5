-- One template as it is, for the rules in template-rules.ts. Always one row: live is NULL before the first publish.
-- $1: its name, $2: the version that the act is about.
SELECT template.live, template.pinned,
  EXISTS (SELECT FROM template_version AS kept WHERE kept.name = $1 AND kept.version = $2) AS published,
  ARRAY(SELECT back.version FROM template_version AS back WHERE back.name = $1 AND back.taken_back) AS taken_back,
  coalesce(
    (SELECT json_agg(json_build_object('action', past.action, 'version', past.version) ORDER BY past.id)
     FROM template_history AS past WHERE past.name = $1),
    '[]'
  ) AS acts
FROM (SELECT $1::text AS name) AS asked
LEFT JOIN template USING (name)
