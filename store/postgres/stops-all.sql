-- All gates and pauses; a handful of rows.
SELECT name, since, gate, probed_at FROM stop
