-- Whether a person has clicked a link of an email.
-- $1 message tag
SELECT tag FROM engagement WHERE tag = $1 AND type = 'click' AND by = 'human' LIMIT 1
