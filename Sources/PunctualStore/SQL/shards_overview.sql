-- Every shard: its lease, who holds it, and what waits in it. The session lock of an engine tells
-- where it runs.
WITH owners AS MATERIALIZED (
    SELECT l.objid::bigint AS engine_id, min(coalesce(host(a.client_addr), 'local')) AS host
    FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.classid = 1347768899 AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    GROUP BY l.objid
)
SELECT
    s.shard, s.epoch,
    CASE WHEN s.expires > clock_timestamp() THEN s.engine_id END,
    o.host,
    CASE WHEN isfinite(s.expires) THEN s.expires END,
    w.waiting, b.staged,
    least(w.overdue, b.overdue)
FROM shards AS s
LEFT JOIN owners AS o ON o.engine_id = s.engine_id AND s.expires > clock_timestamp()
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, min(r.due) FILTER (WHERE r.due < clock_timestamp()) AS overdue
    FROM reminders AS r WHERE r.shard = s.shard
) AS w
CROSS JOIN LATERAL (
    SELECT count(*) AS staged, min(r.due) FILTER (WHERE r.due < clock_timestamp()) AS overdue
    FROM outbox AS r WHERE r.shard = s.shard
) AS b
ORDER BY s.shard
