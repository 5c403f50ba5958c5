-- One stop as it is now, with the time by the database's clock. Always one row: the first four columns are NULL when nothing stops.
-- $1: its name.
SELECT stop.name, stop.since, stop.gate, stop.probed_at, clock_timestamp() AS now
FROM (SELECT $1::text AS name) AS asked
LEFT JOIN stop USING (name)
