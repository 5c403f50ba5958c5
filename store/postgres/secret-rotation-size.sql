-- How many people a rotation concerns.
SELECT count(*) AS people FROM person WHERE email IS NOT NULL
