-- SPDX-License-Identifier: Apache-2.0
-- $1 shard, $2 user, $3 the event that was read.
WITH fired AS (
    SELECT shard, event_id, user_id FROM event_log
    WHERE shard = $1 AND event_id = $3 AND user_id = $2 AND event_type = 'reminder.due'
), marked AS (
    INSERT INTO notifications (shard, event_id, user_id)
    SELECT shard, event_id, user_id FROM fired
    ON CONFLICT DO NOTHING
)
SELECT event_id FROM fired
