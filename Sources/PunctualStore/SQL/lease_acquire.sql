-- SPDX-License-Identifier: Apache-2.0
-- Takes shards that are free, expired, or whose owner's session is gone, up to this engine's share
-- of all shards; and tells how many engines there are to share them. $3: those it holds; what else
-- is its own was taken by a statement whose answer was lost.
--
-- `seen` is the row as it was when the statement began. This statement waits for the locks of
-- others, and its list of sessions may then be older than the session of who has just taken a
-- shard, or of who has come back and renewed his lease; neither is dead.
WITH seen AS MATERIALIZED (
    SELECT engine_seen($1, $2 * interval '1 millisecond') AS engines
), room AS MATERIALIZED (
    SELECT ceil(count(*)::numeric / (SELECT engines FROM seen))::bigint
        - coalesce(array_length($3::smallint[], 1), 0) AS shards
    FROM shards
), free AS MATERIALIZED (
    SELECT s.shard
    FROM shards AS s JOIN shards AS seen ON seen.shard = s.shard AND seen.epoch = s.epoch
    WHERE s.engine_id IS NULL OR s.expires < clock_timestamp()
        OR s.engine_id = $1 AND s.shard <> ALL($3)
        OR s.engine_id <> $1 AND s.expires = seen.expires
            AND s.engine_id NOT IN (SELECT engine_id FROM engine_locks())
    ORDER BY s.shard
    LIMIT (SELECT greatest(0, r.shards) FROM room AS r)
    FOR UPDATE OF s
), taken AS (
    UPDATE shards AS s
    SET engine_id = $1, epoch = s.epoch + 1,
        expires = clock_timestamp() + $2 * interval '1 millisecond'
    FROM free AS f WHERE s.shard = f.shard
    RETURNING s.shard, s.epoch
)
SELECT
    t.shard,
    t.epoch,
    (SELECT r.due FROM reminders AS r WHERE r.shard = t.shard ORDER BY r.due LIMIT 1),
    clock_timestamp(),
    s.engines,
    (
        SELECT count(*) FROM pg_stat_activity AS a
        WHERE a.datname = current_database() AND a.application_name = 'punctual listener'
    )
FROM seen AS s LEFT JOIN taken AS t ON true
