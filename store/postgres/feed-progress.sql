-- How far an ingress has read the feed, by this server's clock, with a new lease. Rows of ingresses that are long gone are
-- removed by the way.
-- $1 ingress, $2 how old what it has not processed may be, in ms, $3 its lease, in ms
WITH gone AS (
  DELETE FROM feed_reader WHERE lease_until < clock_timestamp() - interval '1 hour' AND ingress <> $1
)
INSERT INTO feed_reader (ingress, read_until, lease_until)
VALUES (
  $1,
  clock_timestamp() - $2::double precision * interval '1 millisecond',
  clock_timestamp() + $3::double precision * interval '1 millisecond'
)
ON CONFLICT (ingress) DO UPDATE SET read_until = excluded.read_until, lease_until = excluded.lease_until
