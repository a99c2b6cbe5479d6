-- Staged events by key, for payloads that memory had no room for.
SELECT o.shard, o.source_id, o.nominal, o.event_type, o.task_id, o.user_id, o.due, o.payload,
    o.traceparent
FROM unnest($1::smallint[], $2::bigint[], $3::timestamp[]) AS k(shard, source_id, nominal)
CROSS JOIN LATERAL (
    SELECT * FROM outbox AS r
    WHERE r.shard = k.shard AND r.source_id = k.source_id AND r.nominal = k.nominal
    OFFSET 0
) AS o
