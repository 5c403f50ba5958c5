-- Notes that a message has a dead letter. Its month is that of the letter, not of the message: the mark must outlive the message.
-- $1 id
INSERT INTO dead_letter (id, month)
VALUES ($1, date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date)
ON CONFLICT DO NOTHING
