-- For reports and dashboards: no user ids, addresses or free text. The role rivulet_reader may read only these views; see
-- deploy/postgres/roles.sql.

CREATE VIEW report_send AS
SELECT
  tag, month, journey, template, template_version, topic, state, claimed_at, failures, repeats, reported,
  doubt IS NOT NULL AS in_doubt
FROM send;

CREATE VIEW report_fact AS
SELECT at, month, what, tag, journey, template, template_version, topic FROM fact;

CREATE VIEW report_engagement AS
SELECT tag, type, by, at, month FROM engagement;

CREATE VIEW report_consent AS
SELECT topic, state, captured_at FROM consent;

CREATE VIEW report_suppression AS
SELECT reason, scope, since, until, source FROM suppression;

-- The barrier: no condition of a query sees a row before this one has filtered it.
CREATE VIEW report_stop WITH (security_barrier) AS
SELECT name, since FROM stop WHERE name NOT LIKE '%@%';

CREATE VIEW report_template AS
SELECT name, live, pinned FROM template;

DO $$
DECLARE
  view_name text;
BEGIN
  -- Without the history of migrations no process could start.
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rivulet_app') THEN
    REVOKE INSERT, UPDATE, DELETE ON migration FROM rivulet_app;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rivulet_reader') THEN
    FOR view_name IN SELECT viewname FROM pg_views WHERE schemaname = current_schema() AND viewname LIKE 'report\_%' LOOP
      EXECUTE format('GRANT SELECT ON %I TO rivulet_reader', view_name);
    END LOOP;
  END IF;
END
$$;
