-- Whether any migration was ever applied here. Asked first: a statement that names a table which is not there fails.
SELECT to_regclass('migration') IS NOT NULL AS exists
