-- Adds emails that the feed reported to the minutes of their dispatch. In the order of the minutes: two ingresses that add to the
-- same ones would otherwise wait for each other in a circle.
-- $1 the minutes, as a JSON array, $2 how old a minute may be, in ms
INSERT INTO feed_minute AS known (dispatched, reported, slowest_ms)
SELECT to_timestamp(said.minute / 1000), said.reported, said."slowestMs"
FROM jsonb_to_recordset($1::jsonb) AS said (minute bigint, reported integer, "slowestMs" bigint)
WHERE to_timestamp(said.minute / 1000) BETWEEN clock_timestamp() - $2::double precision * interval '1 millisecond'
  AND clock_timestamp() + interval '1 day'
ORDER BY said.minute
ON CONFLICT (dispatched) DO UPDATE SET
  reported = known.reported + excluded.reported,
  slowest_ms = greatest(known.slowest_ms, excluded.slowest_ms)
