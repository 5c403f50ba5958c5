-- How far the comparison with the provider's list has come.
SELECT last_read, run, progress
FROM suppression_sync
