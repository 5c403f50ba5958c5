-- How many suppressed addresses no known person has: nothing can say what their hash is under another secret.
SELECT count(DISTINCT address_hash) AS addresses FROM suppression
WHERE NOT EXISTS (SELECT FROM person WHERE person.address_hash = suppression.address_hash)
