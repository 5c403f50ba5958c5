-- The privileges of this connection's user: whether it is a superuser, and which it lacks on the tables of the record. Those are the
-- tables whose comment states what ends their rows.
SELECT
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  ARRAY(
    SELECT format('%s on %s', privilege, relname)
    FROM pg_class
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE relkind IN ('r', 'p')
      AND NOT relispartition
      AND obj_description(pg_class.oid, 'pg_class') LIKE 'ends:%'
      AND NOT has_table_privilege(pg_class.oid, privilege)
    ORDER BY relname, privilege
  ) AS missing
