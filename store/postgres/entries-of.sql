-- The newest entries of a person in a place, newest first. Read under the lock of the place: `at` is their order.
-- $1 user, $2 journey, $3 what is counted beside the person (hash), $4 how many
SELECT event_id AS id, at, happened_at AS "happenedAt"
FROM entry
WHERE user_id = $1 AND journey = $2 AND per = $3
ORDER BY at DESC
LIMIT $4
