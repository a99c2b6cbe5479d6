-- What the whole database holds, cheaply: exact counts up to $1, and beyond that PostgreSQL's own
-- estimate of how many reminders there are.
SELECT
    (
        SELECT CASE WHEN n.count < $1 THEN n.count ELSE greatest(
            n.count,
            (SELECT reltuples::bigint FROM pg_class WHERE oid = 'reminders'::regclass)
        ) END
        FROM (SELECT count(*) FROM (SELECT FROM reminders LIMIT $1) AS r) AS n
    ),
    (
        SELECT min(next.due) FROM shards AS s CROSS JOIN LATERAL (
            SELECT r.due FROM reminders AS r WHERE r.shard = s.shard ORDER BY r.due LIMIT 1
        ) AS next
    ),
    (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS o)
