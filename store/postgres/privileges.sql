-- What the user of this connection may do: whether everything, and what it lacks on the tables of the record, each of which says in
-- its comment what ends its rows.
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
