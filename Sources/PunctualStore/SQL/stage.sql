-- Moves what is due up to $4 from `reminders` into `outbox`, as finished events.
--
-- The lease row is locked FOR KEY SHARE: a takeover, which changes the key (shard, epoch), waits
-- for this statement, a renewal does not. A reminder that an edit has locked is passed over, and
-- the answer says so. The scan of each shard starts at its lower bound, so that entries of the
-- past, dead but not yet vacuumed, cost nothing. OFFSET 0 keeps the planner from turning a lookup
-- round when it believes that the table is empty.
--
-- A reminder that is beyond its grace is judged here: misfire 0 fires, 1 coalesces into the latest
-- of its task that is overdue, 2 skips. A job (kind 2) has an event of its own, and a rollover of
-- no task, under its id negated, which computes its next time; one that is deleted has neither.
WITH ranges AS MATERIALIZED (
    SELECT s.shard, coalesce(r.low, '-infinity') AS low
    FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) AS r(shard, epoch, low)
    JOIN shards AS s ON s.shard = r.shard AND s.epoch = r.epoch
    FOR KEY SHARE OF s
), picked AS MATERIALIZED (
    SELECT p.place, p.shard, p.due, p.id
    FROM ranges AS g
    CROSS JOIN LATERAL (
        SELECT r.ctid AS place, r.shard, r.due, r.id
        FROM reminders AS r
        WHERE r.shard = g.shard AND r.due >= g.low AND r.due <= $4
        ORDER BY r.due, r.id
        LIMIT $5
        FOR UPDATE SKIP LOCKED
    ) AS p
), moved AS (
    DELETE FROM reminders AS r
    WHERE r.ctid = ANY(ARRAY(SELECT p.place FROM picked AS p))
    RETURNING r.*
), judged AS (
    SELECT
        m.*,
        t.user_id,
        u.email,
        t.title, t.description, t.priority, t.tags, rfc3339(t.due) AS due_at, t.timezone,
        t.series_id, t.occurrence, t.version,
        coalesce(t.nominal, t.due_local, m.nominal) AS nominal_time,
        CASE
            WHEN m.kind = 1 THEN 'rollover'
            WHEN m.misfire = 0 OR m.due + m.misfire_grace_ms * interval '1 millisecond' >= $6
                THEN 'reminder.due'
            WHEN m.misfire = 2 THEN 'reminder.skipped'
            WHEN EXISTS (
                SELECT FROM unnest(t.reminder_dues, t.reminder_times, t.reminder_states)
                    AS other(due, kind, state)
                WHERE other.state = 0 AND other.kind <> 'rollover'
                    AND other.due > (extract(epoch FROM m.due) * 1000000)::bigint
                    AND other.due <= (extract(epoch FROM $6::timestamptz) * 1000000)::bigint
            ) THEN 'reminder.coalesced'
            ELSE 'reminder.due'
        END AS event_type
    FROM moved AS m
    CROSS JOIN LATERAL (
        SELECT * FROM tasks AS k WHERE k.shard = m.shard AND k.id = m.task_id OFFSET 0
    ) AS t
    LEFT JOIN LATERAL (
        SELECT k.email FROM users AS k WHERE k.shard = t.shard AND k.id = t.user_id OFFSET 0
    ) AS u ON true
    WHERE m.kind < 2
), ticks AS MATERIALIZED (
    SELECT m.shard, m.id, m.nominal, m.due, m.traceparent, 'job:' || j.name AS user_id, j.name, j.data,
        j.failure_policy, j.fired
    FROM moved AS m
    CROSS JOIN LATERAL (
        SELECT * FROM jobs AS k WHERE k.shard = m.shard AND k.id = m.task_id OFFSET 0
    ) AS j
    WHERE m.kind = 2
), events AS MATERIALIZED (
    SELECT
        j.shard, j.id AS source_id, j.nominal, j.event_type, j.task_id, j.user_id, j.due,
        CASE WHEN j.kind = 1 THEN '{}'::jsonb ELSE
            jsonb_build_object(
                'version', '1.0',
                'event_type', j.event_type,
                'task_id', j.task_id,
                'user_id', j.user_id,
                'user_email', j.email,
                'title', j.title,
                'due_at', j.due_at,
                'remind_at', rfc3339(j.due),
                'nominal_time', j.nominal_time,
                'occurrence', j.occurrence,
                'reminder_id', j.id,
                'task_data', jsonb_build_object(
                    'id', j.task_id,
                    'title', j.title,
                    'description', j.description,
                    'priority', (ARRAY['low', 'medium', 'high', 'urgent'])[j.priority + 1],
                    'tags', j.tags,
                    'due_date', j.due_at,
                    'timezone', j.timezone,
                    'series_id', j.series_id,
                    'version', j.version
                )
            )
        END AS payload,
        j.traceparent
    FROM judged AS j
    UNION ALL
    SELECT
        t.shard, t.id, t.nominal, 'job.due', NULL, t.user_id, t.due,
        jsonb_build_object(
            'version', '1.0',
            'event_type', 'job.due',
            'task_id', NULL,
            'task_data', NULL,
            'user_id', t.user_id,
            'user_email', NULL,
            'title', t.name,
            'due_at', rfc3339(t.due),
            'remind_at', rfc3339(t.due),
            'nominal_time', t.nominal,
            'occurrence', t.fired + 1,
            'job', t.name,
            'data', t.data,
            'failure_policy', t.failure_policy
        ),
        t.traceparent
    FROM ticks AS t
    UNION ALL
    SELECT t.shard, -t.id, t.nominal, 'rollover', NULL, t.user_id, t.due, '{}'::jsonb, NULL
    FROM ticks AS t
), staged AS (
    INSERT INTO outbox (
        shard, source_id, nominal, event_type, task_id, user_id, due, payload, traceparent
    )
    SELECT shard, source_id, nominal, event_type, task_id, user_id, due, payload, traceparent
    FROM events
    ON CONFLICT (shard, source_id, nominal) DO NOTHING
), last AS MATERIALIZED (
    SELECT DISTINCT ON (p.shard) p.shard, p.due, p.id, count(*) OVER (PARTITION BY p.shard) AS taken
    FROM picked AS p
    ORDER BY p.shard, p.due DESC, p.id DESC
)
SELECT
    shard, source_id, nominal, event_type, task_id, user_id, due, payload, traceparent,
    false AS has_locked
FROM events
UNION ALL
-- The row that many places behind the bound: the first that is left, unless some were passed over.
SELECT
    g.shard, NULL, NULL, NULL, NULL, NULL, next.due, NULL, NULL,
    coalesce(
        (next.due, next.id) <= (l.due, l.id)
            OR coalesce(l.taken, 0) < $5 AND next.due <= $4,
        false
    )
FROM ranges AS g
LEFT JOIN last AS l ON l.shard = g.shard
LEFT JOIN LATERAL (
    SELECT r.due, r.id
    FROM reminders AS r
    WHERE r.shard = g.shard AND r.due >= g.low
    ORDER BY r.due, r.id
    OFFSET coalesce(l.taken, 0) LIMIT 1
) AS next ON true
