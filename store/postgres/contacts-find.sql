-- $1 user id
SELECT email, name, locale, time_zone, country, plan, address_hash, said_at
FROM person
WHERE user_id = $1
