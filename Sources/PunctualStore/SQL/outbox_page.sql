-- What is staged in these shards, in key order after a key: what a former owner left behind.
--
-- The sum keeps the list of shards out of the index condition, with which the index would give no
-- order, and each page would sort all that is left.
SELECT o.shard, o.source_id, o.nominal, o.event_type, o.task_id, o.user_id, o.due, o.payload,
    o.traceparent
FROM outbox AS o
WHERE (o.shard, o.source_id, o.nominal) > ($2::smallint, $3::bigint, $4::timestamp)
    AND o.shard + 0 = ANY($1::smallint[])
ORDER BY o.shard, o.source_id, o.nominal
LIMIT $5
