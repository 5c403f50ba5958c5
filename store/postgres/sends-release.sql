-- Gives a claim back: the provider certainly did not take the email, or was never called. Only the attempt's own claim.
-- $1 tag, $2 claim, $3 failures to count (0 or 1)
UPDATE send SET state = 'released', doubt = NULL, failures = failures + $3::int
WHERE tag = $1 AND state = 'claimed' AND claim = $2
RETURNING failures
