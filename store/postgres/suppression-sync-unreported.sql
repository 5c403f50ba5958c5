-- Addresses with a suppression that the provider's list lacks, in the order of their hashes.
-- $1 the last hash of the page before ('' for the first), $2 how many
SELECT DISTINCT address_hash
FROM suppression
WHERE to_report AND address_hash > $1
ORDER BY address_hash
LIMIT $2
