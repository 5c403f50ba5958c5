-- The installation's id. No row until the first process has started.
SELECT identity FROM installation
