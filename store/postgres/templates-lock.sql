-- Acts on one template happen one after the other, also when it has no row yet: without it two first publishes are both live.
-- $1: its name.
SELECT pg_advisory_xact_lock(hashtextextended('template/' || $1::text, 0))
