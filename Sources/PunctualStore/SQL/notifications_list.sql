-- SPDX-License-Identifier: Apache-2.0
-- A user's fired reminders, newest first, and which of them were read.
--
-- $1 shard, $2 user, $3 the unread ones only, $4 and $5 the last one of the page before, $6 most
-- rows. Nothing for whoever does not want them.
SELECT e.event_id, e.task_id, e."timestamp",
    coalesce(n.read_at, CASE WHEN e."timestamp" <= u.notifications_read_to
        THEN u.notifications_read_to END),
    e.payload
FROM event_log AS e
LEFT JOIN users AS u ON u.shard = e.shard AND u.id = e.user_id
LEFT JOIN notifications AS n ON n.shard = e.shard AND n.event_id = e.event_id
WHERE e.shard = $1 AND e.user_id = $2 AND e.event_type = 'reminder.due'
    AND NOT 'in_app' = ANY(coalesce(u.muted, '{}'))
    AND (NOT $3::boolean OR n.read_at IS NULL
        AND e."timestamp" > coalesce(u.notifications_read_to, '-infinity'))
    AND ($4::timestamptz IS NULL OR e."timestamp" <= $4
        AND (e."timestamp", e.event_id) < ($4, $5::uuid))
ORDER BY e."timestamp" DESC, e.event_id DESC
LIMIT $6
