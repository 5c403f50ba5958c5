-- Removes a stop: emails that wait for nothing else are claimed from the commit on.
-- $1: its name.
DELETE FROM stop WHERE name = $1
