-- SPDX-License-Identifier: Apache-2.0
-- Takes every shard that is free, expired, or whose owner's session is gone, for a sweep. It holds
-- the lock by which its own death would be noticed, but is not one of the engines that share.
--
-- $1 the number of the sweep, $2 the lease in milliseconds, $3 shards that it holds already.
--
-- Of several who ask at once, one takes a shard. `seen` is what tells the others: they find another
-- epoch than when they began. Their list of sessions may be older than the owner's lock, and they
-- would take him for dead.
WITH session AS MATERIALIZED (
    SELECT pg_try_advisory_lock(1347768899, $1)
), free AS MATERIALIZED (
    SELECT s.shard
    FROM session, shards AS s JOIN shards AS seen ON seen.shard = s.shard AND seen.epoch = s.epoch
    WHERE s.engine_id IS NULL OR s.expires < clock_timestamp()
        OR s.engine_id = $1 AND s.shard <> ALL($3::smallint[])
        OR s.engine_id <> $1 AND s.expires = seen.expires
            AND s.engine_id NOT IN (SELECT engine_id FROM engine_locks())
    FOR UPDATE OF s SKIP LOCKED
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
    1,
    (
        SELECT count(*) FROM pg_stat_activity AS a
        WHERE a.datname = current_database() AND a.application_name = 'punctual listener'
    )
FROM (SELECT) AS one LEFT JOIN taken AS t ON true
