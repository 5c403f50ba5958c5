-- Records an open or a click: returns a row if it is new, whichever month the one before was recorded in. Of one email only so
-- many are kept; the first of each kind always is.
-- $1 message tag, $2 id, $3 type, $4 by whom, $5 when, $6 how many of one email
WITH known AS (
  SELECT id, type, by FROM engagement WHERE tag = $1
)
INSERT INTO engagement (tag, id, type, by, at, month)
SELECT $1, $2, $3, $4, $5, date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
WHERE NOT EXISTS (SELECT FROM known WHERE id = $2)
  AND ((SELECT count(*) FROM known) < $6 OR NOT EXISTS (SELECT FROM known WHERE type = $3 AND by = $4))
ON CONFLICT DO NOTHING
RETURNING id
