-- Moves released events from `outbox` into `event_log`, with a delivery for each channel.
--
-- $14 the traces of those that have one: an array that is shorter, or empty, stands for none.
-- Events with an epoch count only while their lease holds. A repeat finds its row in `event_log`
-- and changes nothing; so does an event whose outbox row is gone: it has been released, and that
-- is recorded.
--
-- OFFSET 0 keeps the planner from turning the lookup round. It would, whenever statistics were
-- taken of an empty outbox, and then read all of the index, dead entries included, each time.
WITH released AS MATERIALIZED (
    SELECT *
    FROM unnest(
        $1::smallint[], $2::bigint[], $3::bigint[], $4::timestamp[], $5::uuid[], $6::text[],
        $7::text[], $8::bigint[], $9::text[], $10::jsonb[], $11::timestamptz[], $14::text[]
    ) AS r(
        shard, epoch, source_id, nominal, event_id, event_type,
        topic, task_id, user_id, payload, "timestamp", traceparent
    )
), leases AS MATERIALIZED (
    SELECT s.shard, s.epoch
    FROM (SELECT DISTINCT shard, epoch FROM released WHERE epoch > 0) AS r
    JOIN shards AS s ON s.shard = r.shard AND s.epoch = r.epoch
    FOR KEY SHARE OF s
), fenced AS MATERIALIZED (
    SELECT r.* FROM released AS r
    WHERE r.epoch = 0 OR (r.shard, r.epoch) IN (SELECT l.shard, l.epoch FROM leases AS l)
), settled AS (
    DELETE FROM outbox AS o
    WHERE o.ctid = ANY(ARRAY(
        SELECT p.place
        FROM fenced AS f
        CROSS JOIN LATERAL (
            SELECT k.ctid AS place FROM outbox AS k
            WHERE k.shard = f.shard AND k.source_id = f.source_id AND k.nominal = f.nominal
            OFFSET 0
        ) AS p
    ))
), logged AS (
    INSERT INTO event_log (
        shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp", traceparent,
        processed
    )
    SELECT shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp", traceparent,
        true
    FROM fenced
    ON CONFLICT (shard, event_id) DO NOTHING
    RETURNING shard, event_id, event_type, user_id
)
INSERT INTO deliveries (shard, event_id, channel, target, next_attempt_at)
SELECT l.shard, l.event_id, w.channel, w.target, w.next_attempt_at
FROM logged AS l
CROSS JOIN LATERAL wanted_deliveries(
    l.event_type, l.shard, l.user_id, $12::text[], $13::text[]
) AS w
WHERE cardinality($12::text[]) > 0 AND l.event_type IN ('reminder.due', 'job.due')
ON CONFLICT DO NOTHING
