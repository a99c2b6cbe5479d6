-- Makes the deliveries that fired reminders need, for each event once however often it comes.
--
-- $1 to $9 as in consumer_audit.sql, $10 and $11 the channels and targets. A delivery refers to its
-- event in `event_log`, which whoever audits may not have recorded yet; so this records it too.
WITH received AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[],
        $7::jsonb[], $8::timestamptz[], $9::text[]
    ) AS r(shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp", traceparent)
), fresh AS (
    INSERT INTO consumed (shard, consumer, event_id)
    SELECT DISTINCT shard, 'notify', event_id FROM received
    ON CONFLICT DO NOTHING
    RETURNING shard, event_id
), logged AS (
    INSERT INTO event_log (
        shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp", traceparent,
        processed
    )
    SELECT r.*, true
    FROM received AS r JOIN fresh USING (shard, event_id)
    ON CONFLICT (shard, event_id) DO NOTHING
)
INSERT INTO deliveries (shard, event_id, channel, target, next_attempt_at)
SELECT r.shard, r.event_id, w.channel, w.target, w.next_attempt_at
FROM received AS r
JOIN fresh USING (shard, event_id)
CROSS JOIN LATERAL wanted_deliveries(
    r.event_type, r.shard, r.user_id, $10::text[], $11::text[]
) AS w
ON CONFLICT DO NOTHING
