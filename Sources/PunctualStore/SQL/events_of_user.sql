-- A user's published events from an instant on, oldest first, after a cursor when there is one.
SELECT e.shard, e.event_id, e.event_type, e.task_id, e.user_id, e."timestamp", e.payload,
    e.traceparent
FROM event_log AS e
WHERE e.shard = $1 AND e.user_id = $2 AND e."timestamp" >= $3
    AND ($4::timestamptz IS NULL OR (e."timestamp", e.event_id) > ($4, $5::uuid))
    AND e.topic <> 'engine'
ORDER BY e."timestamp", e.event_id
LIMIT $6
