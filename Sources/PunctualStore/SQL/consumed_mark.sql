-- Notes what a consumer has done, in the transaction that does it: $1 shards, $2 consumers,
-- $3 event ids.
INSERT INTO consumed (shard, consumer, event_id)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::uuid[])
ON CONFLICT DO NOTHING
