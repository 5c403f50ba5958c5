-- Removes a run that has ended.
-- $1 user, $2 workflow id
DELETE FROM running_journey WHERE user_id = $1 AND workflow_id = $2
