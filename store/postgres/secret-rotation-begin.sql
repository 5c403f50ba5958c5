-- Begins a rotation, begins one again that was completed, or finds the one that is under way where it stopped. No row: the installation
-- has another secret, or another rotation is under way. From the commit on, a process that has the previous secret alone does not start.
-- $1: the check of the new secret, $2: of the previous one.
UPDATE installation SET
  secret_check = $1,
  previous_check = $2,
  rotated_to = CASE WHEN secret_check = $1 THEN coalesce(rotated_to, '') ELSE '' END,
  rotated_at = CASE WHEN secret_check = $1 THEN rotated_at END
WHERE (secret_check = $1 AND previous_check = $2)
  OR (secret_check = $2 AND (previous_check IS NULL OR rotated_at IS NOT NULL OR previous_check = $1))
RETURNING rotated_to
