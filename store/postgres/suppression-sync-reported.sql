-- The provider's list has these reasons of an address now. $1 keyed hash of the address, $2 reasons
UPDATE suppression
SET to_report = false
WHERE address_hash = $1 AND reason = ANY ($2::text[]) AND to_report
