-- What the server is and how it keeps what it acknowledges: for the check at start, /readyz and `rivulet doctor`. Needs no privileges.
SELECT
  current_setting('server_version_num')::integer AS version,
  pg_is_in_recovery() AS standby,
  current_setting('transaction_read_only') = 'on' AS read_only,
  current_setting('fsync') = 'on' AS fsync,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('synchronous_standby_names') AS synchronous_standby_names,
  (SELECT count(*) FROM pg_stat_replication) AS standbys,
  current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS connections_allowed,
  (SELECT coalesce(sum(numbackends), 0) FROM pg_stat_database) AS connections_used,
  pg_database_size(current_database()) AS database_bytes,
  ARRAY(SELECT inhrelid::regclass::text FROM pg_inherits) AS partitions,
  clock_timestamp() AS now
