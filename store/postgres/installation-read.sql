-- Which secret the installation has, and how far a rotation of it has come. No row before the first process.
SELECT secret_check, previous_check, previous_check IS NOT NULL AND rotated_at IS NULL AS is_rotating
FROM installation
