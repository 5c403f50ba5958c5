-- How far the rotation has come; holds the row, so that of two operators who rotate at once each does other people.
-- $1: the check of the new secret, $2: of the previous one.
SELECT rotated_to FROM installation
WHERE secret_check = $1 AND previous_check = $2
FOR UPDATE
