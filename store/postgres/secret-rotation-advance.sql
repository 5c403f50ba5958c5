-- Notes how far the rotation has come, in the transaction that moves the people up to there: after a crash it continues behind them.
-- $1: the last person who is done.
UPDATE installation SET rotated_to = $1
