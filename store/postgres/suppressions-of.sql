-- All suppressions of an address, and what time it is. $1 keyed hash of the address
SELECT reason, scope, since, until, source, to_report, clock_timestamp() AS now
FROM suppression
WHERE address_hash = $1
ORDER BY since, reason, scope
