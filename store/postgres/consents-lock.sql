-- Creates the person if nothing is known of them, and locks them until the transaction ends: what is in force follows from
-- all records of a topic, so two statements of one person are never worked out beside each other. Returns the hashes of their address.
-- $1 user id
INSERT INTO person AS known (user_id)
VALUES ($1)
ON CONFLICT (user_id) DO UPDATE SET recorded_at = known.recorded_at
RETURNING array_remove(ARRAY[address_hash, previous_address_hash], NULL) AS addresses
