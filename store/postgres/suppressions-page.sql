-- Suppressed addresses in the order of their hashes. $1 the last hash of the page before ('' for the first), $2 how many
SELECT DISTINCT address_hash
FROM suppression
WHERE address_hash > $1
ORDER BY address_hash
LIMIT $2
