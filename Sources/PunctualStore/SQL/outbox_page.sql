-- What is staged in these shards, in key order after a key: what a former owner left behind.
SELECT o.shard, o.source_id, o.nominal, o.event_type, o.task_id, o.user_id, o.due, o.payload
FROM outbox AS o
WHERE o.shard = ANY($1::smallint[])
    AND (o.shard, o.source_id, o.nominal) > ($2::smallint, $3::bigint, $4::timestamp)
ORDER BY o.shard, o.source_id, o.nominal
LIMIT $5
