-- The first process of all says which secret the installation has; for any other one this changes nothing.
-- $1: the check of its secret.
INSERT INTO installation (secret_check) VALUES ($1)
ON CONFLICT DO NOTHING
