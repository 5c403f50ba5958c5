-- The suppressions of some addresses and the version that they make, of one instant. $1 keyed hashes of addresses
SELECT address.hash, address.version, suppression.reason, suppression.scope, suppression.since, suppression.until,
  suppression.source
FROM address
LEFT JOIN suppression ON suppression.address_hash = address.hash
WHERE address.hash = ANY ($1::text[])
