-- Takes every shard that is free, expired, or whose owner's session is gone, and holds a session
-- lock under the engine's number, so that its own death is noticed as soon.
WITH session AS MATERIALIZED (
    SELECT pg_try_advisory_lock(1347768899, $1)
), owners AS MATERIALIZED (
    SELECT objid::bigint AS engine_id
    FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1347768899 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), taken AS (
    UPDATE shards AS s
    SET engine_id = $1, epoch = s.epoch + 1,
        expires = clock_timestamp() + $2 * interval '1 millisecond'
    FROM session
    WHERE s.engine_id IS NULL OR s.expires < clock_timestamp()
        OR s.engine_id <> $1 AND s.engine_id NOT IN (SELECT o.engine_id FROM owners AS o)
    RETURNING s.shard, s.epoch
)
SELECT
    t.shard,
    t.epoch,
    (SELECT r.due FROM reminders AS r WHERE r.shard = t.shard ORDER BY r.due LIMIT 1),
    clock_timestamp()
FROM taken AS t
