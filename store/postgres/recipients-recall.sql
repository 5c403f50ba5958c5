-- What the recipient workflow of an address knew, unless that was too long ago.
-- $1 keyed hash of the address, $2 how long it counts, in ms
SELECT recipient, streak
FROM address
WHERE hash = $1 AND recipient_at > clock_timestamp() - $2::float8 * interval '1 millisecond'
