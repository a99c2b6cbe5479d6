-- SPDX-License-Identifier: Apache-2.0
-- How many are unread among a user's newest: $1 shard, $2 user, $3 most rows that are looked at.
SELECT count(*)
FROM (
    SELECT e.event_id
    FROM event_log AS e
    WHERE e.shard = $1 AND e.user_id = $2 AND e.event_type = 'reminder.due'
        AND e."timestamp" > coalesce((
            SELECT CASE WHEN 'in_app' = ANY(u.muted) THEN 'infinity' ELSE u.notifications_read_to END
            FROM users AS u WHERE u.shard = $1 AND u.id = $2
        ), '-infinity')
    ORDER BY e."timestamp" DESC
    LIMIT $3
) AS newest
WHERE NOT EXISTS (
    SELECT FROM notifications AS n WHERE n.shard = $1 AND n.event_id = newest.event_id
)
