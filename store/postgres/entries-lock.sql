-- Claims for one place wait for each other until the end of the transaction. Two places may share a lock by chance, which costs
-- them a moment.
-- $1 the place, as one text
SELECT pg_advisory_xact_lock(hashtextextended($1, 7412690319))
