-- Some of the events of a range of time, oldest first: $1 to $5 as in replay_count.sql, $6 and $7
-- the last one read, $8 most rows.
--
-- No event is released before its nominal instant, with which its id begins: so none of the
-- partitions after the range is read.
SELECT shard, event_id, event_type, task_id, user_id, "timestamp", payload, traceparent
FROM event_log
WHERE "timestamp" >= $1 AND "timestamp" < $2 AND topic <> 'engine'
    AND event_id < event_id_floor($2 + interval '1 millisecond')
    AND ($3::text IS NULL OR topic = $3)
    AND ($5::text IS NULL OR shard = $4::smallint AND user_id = $5)
    AND ($6::timestamptz IS NULL OR ("timestamp", event_id) > ($6, $7::uuid))
ORDER BY "timestamp", event_id
LIMIT $8
