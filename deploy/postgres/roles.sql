-- Three roles for Rivulet, so that no process has more rights than it needs. An administrator runs this once, connected to Rivulet's
-- database, before the first migration. It is safe to run again:
--
--   psql --dbname=rivulet --file=deploy/postgres/roles.sql
--
-- rivulet_owner   owns the tables: migrations and partitions. POSTGRES_MIGRATION_URL.
-- rivulet_app     worker, ingress and CLI: reads and writes rows, cannot change the schema. POSTGRES_URL.
-- rivulet_reader  reports: the views report_…, which contain no personal data. It has no right to write to any table.
--
-- The roles have no passwords yet. Set them (ALTER ROLE rivulet_app PASSWORD '…';), or use certificates or IAM.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['rivulet_owner', 'rivulet_app', 'rivulet_reader'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role_name);
    END IF;
  END LOOP;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO rivulet_owner, rivulet_app, rivulet_reader', current_database());
END
$$;

-- On a managed server the administrator is not a superuser, and may set default privileges only for roles it is a member of.
GRANT rivulet_owner TO CURRENT_USER;

GRANT USAGE, CREATE ON SCHEMA public TO rivulet_owner;
GRANT USAGE ON SCHEMA public TO rivulet_app, rivulet_reader;

-- Tables that rivulet_owner will create, and existing tables.
ALTER DEFAULT PRIVILEGES FOR ROLE rivulet_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rivulet_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rivulet_app;

-- Defaults, which a session may change: reports write nothing, and runaway ones are cancelled.
ALTER ROLE rivulet_reader SET default_transaction_read_only = on;
ALTER ROLE rivulet_reader SET statement_timeout = '5min';

-- Without the history of migrations no process could start.
DO $$
BEGIN
  IF to_regclass('public.migration') IS NOT NULL THEN
    REVOKE INSERT, UPDATE, DELETE ON migration FROM rivulet_app;
  END IF;
END
$$;

DO $$
DECLARE
  view_name text;
BEGIN
  FOR view_name IN SELECT viewname FROM pg_views WHERE schemaname = 'public' AND viewname LIKE 'report\_%' LOOP
    EXECUTE format('GRANT SELECT ON %I TO rivulet_reader', view_name);
  END LOOP;
END
$$;
