-- Three roles for Rivulet, so that no process has more rights than it needs. An administrator runs this once, connected to Rivulet's
-- database and before its first migration; running it again changes nothing:
--
--   psql --dbname=rivulet --file=deploy/postgres/roles.sql
--
-- rivulet_owner   owns the tables: migrations and partitions. POSTGRES_MIGRATION_URL.
-- rivulet_app     worker, ingress and CLI: reads and writes rows, changes no schema. POSTGRES_URL.
-- rivulet_reader  reports: the views report_…, which hold no personal data. It cannot write.
--
-- They have no passwords yet: ALTER ROLE rivulet_app PASSWORD '…'; and so on, or certificates or IAM.
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

-- On a managed server the administrator is no superuser, and may set defaults only for roles that it belongs to.
GRANT rivulet_owner TO CURRENT_USER;

GRANT USAGE, CREATE ON SCHEMA public TO rivulet_owner;
GRANT USAGE ON SCHEMA public TO rivulet_app, rivulet_reader;

-- What rivulet_owner will create; and what exists already.
ALTER DEFAULT PRIVILEGES FOR ROLE rivulet_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rivulet_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rivulet_app;

-- A report that runs away ends by itself.
ALTER ROLE rivulet_reader SET default_transaction_read_only = on;
ALTER ROLE rivulet_reader SET statement_timeout = '5min';

DO $$
DECLARE
  view_name text;
BEGIN
  FOR view_name IN SELECT viewname FROM pg_views WHERE schemaname = 'public' AND viewname LIKE 'report\_%' LOOP
    EXECUTE format('GRANT SELECT ON %I TO rivulet_reader', view_name);
  END LOOP;
END
$$;
