-- How far the feed has been read, and what it reported of emails that were dispatched later. The minimum over all ingresses with a
-- lease: one that is behind holds up all, since each holds what no other has.
-- $1 the minute after that of the email in doubt, $2 how far back the slowest report is looked for, in ms
SELECT
  (SELECT min(read_until) FROM feed_reader WHERE lease_until > clock_timestamp()) AS read_until,
  (SELECT coalesce(sum(reported), 0)::int FROM feed_minute WHERE dispatched >= $1::timestamptz) AS later,
  (
    SELECT coalesce(max(slowest_ms), 0)
    FROM feed_minute
    WHERE dispatched >= now() - $2::double precision * interval '1 millisecond'
  ) AS slowest
