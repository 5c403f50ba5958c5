-- The next people who have an address.
-- $1: the last one that was done, $2: how many.
SELECT user_id, email FROM person
WHERE user_id > $1 AND email IS NOT NULL
ORDER BY user_id
LIMIT $2
