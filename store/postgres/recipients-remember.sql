-- Keeps what the recipient workflow of an address knows. Does not touch the version: it decides nothing about a send.
-- $1 keyed hash of the address, $2 the state as JSON, $3 bounces in a row
INSERT INTO address (hash, recipient, streak, recipient_at)
VALUES ($1, $2::jsonb, $3, clock_timestamp())
ON CONFLICT (hash) DO UPDATE
SET recipient = excluded.recipient, streak = excluded.streak, recipient_at = excluded.recipient_at
