-- What operators have lifted of an address and the provider's list may still hold. $1 keyed hash of the address
SELECT nullif(reason, '') AS reason, at
FROM suppression_lift
WHERE address_hash = $1
