-- Locks an address until the transaction ends, so that two changes of its suppressions are not worked out beside each other.
-- $1 keyed hash of the address
INSERT INTO address AS known (hash)
VALUES ($1)
ON CONFLICT (hash) DO UPDATE SET version = known.version
