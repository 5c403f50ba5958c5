-- The rotation is complete: processes may start without the previous secret.
UPDATE installation SET rotated_to = NULL, rotated_at = clock_timestamp()
RETURNING rotated_at
