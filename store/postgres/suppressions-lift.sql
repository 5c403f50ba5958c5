-- Lifts one reason (NULL: all), and moves the version that a claim compares. Inside the transaction that has locked the
-- address. Returns what was lifted, when, and the new version. $1 keyed hash of the address, $2 reason
WITH lifted AS (
  DELETE FROM suppression
  WHERE address_hash = $1 AND ($2::text IS NULL OR reason = $2)
  RETURNING reason, since
),
moved AS (
  UPDATE address
  SET version = version + 1
  WHERE hash = $1 AND EXISTS (SELECT FROM lifted)
  RETURNING version
)
SELECT lifted.reason, moved.version, statement_timestamp() AS at
FROM lifted, moved
GROUP BY lifted.reason, moved.version
ORDER BY min(lifted.since), lifted.reason
