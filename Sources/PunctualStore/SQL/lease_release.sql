-- SPDX-License-Identifier: Apache-2.0
-- Gives leases back: the epoch stays, so that the next owner raises it. The other engines are told,
-- so that nothing waits for their next second. $4: the engine itself goes too.
WITH given AS (
    UPDATE shards AS s
    SET engine_id = NULL, expires = '-infinity'
    FROM unnest($1::smallint[], $2::bigint[]) AS r(shard, epoch)
    WHERE s.shard = r.shard AND s.epoch = r.epoch AND s.engine_id = $3
    RETURNING s.shard
), gone AS (
    DELETE FROM engines WHERE engine_id = $3 AND $4
)
SELECT pg_notify('punctual_shards', count(*)::text) FROM given HAVING count(*) > 0
