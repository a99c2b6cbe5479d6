-- Records events in `event_log`, each once: the first to come says when it was first released.
--
-- $1 shards, $2 event ids, $3 types, $4 topics, $5 tasks, $6 users, $7 payloads, $8 timestamps,
-- $9 the traces of those that have one: an array that is shorter, or empty, stands for none.
INSERT INTO event_log (
    shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp", traceparent,
    processed
)
SELECT r.*, true
FROM unnest(
    $1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::jsonb[],
    $8::timestamptz[], $9::text[]
) AS r(shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp", traceparent)
ON CONFLICT (shard, event_id) DO NOTHING
