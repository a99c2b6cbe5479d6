-- Writes a change: all of it, or nothing, with SQLSTATE PC001 when a task was changed meanwhile.
--
-- $1 inserted tasks, $2 updated tasks, $3 deleted tasks (shard, id, version), $4 withdrawn
-- reminders (shard, id, due), $5 armed reminders, $6 events, $7 settled outbox keys, $8 passed-over
-- occurrences, $9 the answer to remember, $10 the tags that the tasks carry; all JSON arrays of rows, empty where there is nothing.
--
-- OFFSET 0 keeps the planner from turning a lookup round when it believes that a table is empty.
WITH updated AS (
    UPDATE tasks AS t
    SET (
        title, description, status, completed_at, priority, tags, due, due_local, timezone,
        tzdata, reminder_ids, reminder_dues, reminder_times, reminder_states, rrule,
        series_start, rdates, exdates, anchor, rollover, dst, misfire, misfire_grace_ms,
        series_id, predecessor_id, occurrence, nominal, updated_at, version, paused_at
    ) = (
        n.title, n.description, n.status, n.completed_at, n.priority, n.tags, n.due, n.due_local,
        n.timezone, n.tzdata, n.reminder_ids, n.reminder_dues, n.reminder_times,
        n.reminder_states, n.rrule, n.series_start, n.rdates, n.exdates, n.anchor, n.rollover,
        n.dst, n.misfire, n.misfire_grace_ms, n.series_id, n.predecessor_id, n.occurrence,
        n.nominal, n.updated_at, n.version, n.paused_at
    )
    FROM jsonb_populate_recordset(NULL::tasks, $2) AS n
    WHERE t.shard = n.shard AND t.id = n.id AND t.version = n.version - 1
    RETURNING t.id
), deleted AS (
    DELETE FROM tasks AS t
    USING jsonb_to_recordset($3) AS d(shard smallint, id bigint, version bigint)
    WHERE t.shard = d.shard AND t.id = d.id AND t.version = d.version
    RETURNING t.id
), inserted AS (
    INSERT INTO tasks SELECT * FROM jsonb_populate_recordset(NULL::tasks, $1)
), withdrawn AS (
    DELETE FROM reminders AS r
    WHERE r.ctid = ANY(ARRAY(
        SELECT p.place
        FROM jsonb_to_recordset($4) AS w(shard smallint, id bigint, due timestamptz)
        CROSS JOIN LATERAL (
            SELECT k.ctid AS place FROM reminders AS k
            WHERE k.shard = w.shard AND k.due = w.due AND k.id = w.id
            OFFSET 0
        ) AS p
    ))
    RETURNING r.id
), unstaged AS (
    DELETE FROM outbox AS o
    WHERE o.ctid = ANY(ARRAY(
        SELECT p.place
        FROM jsonb_to_recordset($4) AS w(shard smallint, id bigint, nominal timestamp)
        CROSS JOIN LATERAL (
            SELECT k.ctid AS place FROM outbox AS k
            WHERE k.shard = w.shard AND k.source_id = w.id AND k.nominal = w.nominal
            OFFSET 0
        ) AS p
    ))
    RETURNING o.source_id
), armed AS (
    INSERT INTO reminders SELECT * FROM jsonb_populate_recordset(NULL::reminders, $5)
), queued AS (
    -- The record of a missed occurrence may still be there from before the task was reopened.
    INSERT INTO outbox SELECT * FROM jsonb_populate_recordset(NULL::outbox, $6)
    ON CONFLICT (shard, source_id, nominal) DO NOTHING
), settled AS (
    DELETE FROM outbox AS o
    WHERE o.ctid = ANY(ARRAY(
        SELECT p.place
        FROM jsonb_to_recordset($7) AS w(shard smallint, source_id bigint, nominal timestamp)
        CROSS JOIN LATERAL (
            SELECT k.ctid AS place FROM outbox AS k
            WHERE k.shard = w.shard AND k.source_id = w.source_id AND k.nominal = w.nominal
            OFFSET 0
        ) AS p
    ))
), passed AS (
    INSERT INTO series_history SELECT * FROM jsonb_populate_recordset(NULL::series_history, $8)
    ON CONFLICT (shard, series_id, nominal) DO NOTHING
), remembered AS (
    INSERT INTO idempotency_keys (shard, user_id, key, fingerprint, status, body)
    SELECT shard, user_id, key, fingerprint, status, body
    FROM jsonb_populate_recordset(NULL::idempotency_keys, $9)
), tagged AS (
    -- In one order, so that two changes never wait for one another.
    INSERT INTO tags (shard, user_id, name)
    SELECT DISTINCT shard, user_id, name
    FROM jsonb_to_recordset($10) AS n(shard smallint, user_id text, name text)
    ORDER BY shard, user_id, name
    ON CONFLICT (shard, user_id, name) DO NOTHING
)
SELECT
    CASE
        WHEN (SELECT count(*) FROM updated) <> jsonb_array_length($2)
            OR (SELECT count(*) FROM deleted) <> jsonb_array_length($3)
            THEN refuse_conflict()
    END,
    ARRAY(SELECT id FROM withdrawn),
    ARRAY(SELECT source_id FROM unstaged)
