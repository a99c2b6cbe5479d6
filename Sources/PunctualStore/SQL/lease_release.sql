-- Gives leases back: the epoch stays, so that the next owner raises it.
UPDATE shards AS s
SET engine_id = NULL, expires = '-infinity'
FROM unnest($1::smallint[], $2::bigint[]) AS r(shard, epoch)
WHERE s.shard = r.shard AND s.epoch = r.epoch AND s.engine_id = $3
