-- What operators have lifted and the provider's list may still hold.
SELECT address_hash, nullif(reason, '') AS reason, at
FROM suppression_lift
ORDER BY at, address_hash, reason
