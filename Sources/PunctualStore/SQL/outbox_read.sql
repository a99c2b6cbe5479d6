-- Staged events by key, for payloads that memory had no room for.
SELECT o.shard, o.source_id, o.nominal, o.event_type, o.task_id, o.user_id, o.due, o.payload
FROM unnest($1::smallint[], $2::bigint[], $3::timestamp[]) AS k(shard, source_id, nominal)
JOIN outbox AS o
    ON o.shard = k.shard AND o.source_id = k.source_id AND o.nominal = k.nominal
