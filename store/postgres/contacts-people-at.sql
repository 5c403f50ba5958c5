-- Everyone who has an address now. $1 its keyed hash
SELECT user_id
FROM person
WHERE address_hash = $1 OR previous_address_hash = $1
ORDER BY user_id
