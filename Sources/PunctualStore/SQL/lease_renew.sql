-- Renews leases, and reports the earliest due of each shard and how crowded its near future is.
-- The statement runs once a second, whatever is waiting.
WITH seen AS MATERIALIZED (
    SELECT engine_seen($4, $5 * interval '1 millisecond') AS engines
), held AS (
    UPDATE shards AS s
    SET expires = clock_timestamp() + $5 * interval '1 millisecond'
    FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) AS r(shard, epoch, low), seen
    WHERE s.shard = r.shard AND s.epoch = r.epoch AND s.engine_id = $4
    RETURNING s.shard, s.epoch, coalesce(r.low, '-infinity') AS low
)
SELECT
    h.shard,
    h.epoch,
    (
        SELECT r.due FROM reminders AS r
        WHERE r.shard = h.shard AND r.due >= h.low ORDER BY r.due LIMIT 1
    ),
    (
        SELECT r.due FROM reminders AS r
        WHERE r.shard = h.shard AND r.due >= h.low ORDER BY r.due OFFSET 499 LIMIT 1
    ),
    (
        SELECT r.due FROM reminders AS r
        WHERE r.shard = h.shard AND r.due >= h.low ORDER BY r.due OFFSET 999 LIMIT 1
    ),
    clock_timestamp(),
    (
        SELECT count(*) FROM pg_stat_activity AS a
        WHERE a.datname = current_database() AND a.application_name = 'punctual listener'
    ),
    s.engines
FROM held AS h, seen AS s
