-- The fact about an email that ends before it was claimed: nobody knows it later otherwise.
-- $1 tag, $2 reason, $3 user id, $4 event id, $5 journey, $6 template, $7 template version, $8 topic
INSERT INTO fact (id, at, what, user_id, event_id, tag, journey, template, template_version, topic, details, month)
SELECT 'not_sent/' || $1 || '/' || $2, clock_timestamp(), 'not_sent', $3, $4, $1, $5, $6, $7, $8, jsonb_build_object('reason', $2::text),
  date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
WHERE NOT EXISTS (SELECT FROM fact WHERE id = 'not_sent/' || $1 || '/' || $2)
ON CONFLICT DO NOTHING
