-- A user's published events from an instant on, oldest first, after a cursor when there is one.
--
-- $7 the types that this version knows: those that a newer one has logged are left out.
SELECT e.shard, e.event_id, e.event_type, e.task_id, e.user_id, e."timestamp", e.payload,
    e.traceparent
FROM event_log AS e
WHERE e.shard = $1 AND e.user_id = $2 AND e."timestamp" >= $3
    AND ($4::timestamptz IS NULL OR (e."timestamp", e.event_id) > ($4, $5::uuid))
    AND e.topic <> 'engine' AND e.event_type = ANY ($7::text[])
ORDER BY e."timestamp", e.event_id
LIMIT $6
