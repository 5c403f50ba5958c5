-- Keeps the newest entries of a person in a place, so that one who enters for years has no more rows than others.
-- $1 user, $2 journey, $3 what is counted beside the person (hash), $4 how many are kept
DELETE FROM entry
WHERE user_id = $1 AND journey = $2 AND per = $3
  AND at < (
    SELECT min(at)
    FROM (
      SELECT at FROM entry WHERE user_id = $1 AND journey = $2 AND per = $3 ORDER BY at DESC LIMIT $4
    ) AS newest
  )
