-- Whoever changes a stop does it alone, also when there is no row to lock yet: without it two processes close one gate twice.
-- $1: its name.
SELECT pg_advisory_xact_lock(hashtextextended('stop/' || $1::text, 0))
