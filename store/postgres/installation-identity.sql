-- Which installation this is. No row before the first process.
SELECT identity FROM installation
