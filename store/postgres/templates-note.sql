-- Adds an act to the history of a template. The caller holds the lock, so ids are in the order of the acts.
-- $1: name, $2: action, $3: version, $4: whether it is live from now on, $5: author, $6: message.
INSERT INTO template_history (name, action, version, live, author, message)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id, at
