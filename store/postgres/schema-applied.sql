-- The migrations that were applied, by the names of their files.
SELECT name FROM migration ORDER BY id
