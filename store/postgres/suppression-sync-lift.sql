-- Notes that the provider's list has to forget a reason ('': all) of an address. In whole milliseconds, as it is read back.
-- $1 keyed hash of the address, $2 reason
INSERT INTO suppression_lift (address_hash, reason, at)
VALUES ($1, $2, date_trunc('milliseconds', clock_timestamp()))
ON CONFLICT (address_hash, reason) DO UPDATE SET at = excluded.at
