-- Emails in doubt, oldest first.
-- $1 how many at most
SELECT tag, message_key, user_id, doubt ->> 'class' AS class, doubt ->> 'why' AS why, doubt ->> 'decision' AS decision,
  (extract(epoch FROM clock_timestamp()) * 1000)::bigint - (doubt ->> 'since')::bigint AS age_ms
FROM send
WHERE doubt IS NOT NULL
ORDER BY doubt -> 'since'
LIMIT $1
