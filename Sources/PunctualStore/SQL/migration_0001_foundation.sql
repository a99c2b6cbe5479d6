-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: the first migration.
--
-- Every key and unique index leads with `shard`, so that the schema distributes by that column.
-- Times of the future and the present live in narrow tables that churn (`reminders`, `outbox`);
-- the past is in `event_log`, partitioned by the event's id, whose first 48 bits are its nominal
-- instant in milliseconds, so that "one row per event_id" and "drop what is old" are one key.

CREATE SEQUENCE ids INCREMENT BY 1000 MINVALUE 1000;
COMMENT ON SEQUENCE ids IS 'a value v gives its taker the thousand ids v - 999 ... v';

CREATE SEQUENCE engine_ids AS integer CYCLE;

CREATE TABLE settings (
    name text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE shards (
    shard smallint PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    engine_id integer,
    expires timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);
COMMENT ON TABLE shards IS 'the lease row of each shard; expires is on the database''s clock';
-- The epoch is a key, so that raising it conflicts with the FOR KEY SHARE of a stage in flight,
-- while renewing `expires` does not.
CREATE UNIQUE INDEX shards_epoch ON shards (shard, epoch);

CREATE TABLE users (
    shard smallint NOT NULL,
    id text NOT NULL,
    email text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, id)
);

CREATE TABLE tasks (
    shard smallint NOT NULL,
    id bigint NOT NULL,
    user_id text NOT NULL,
    title text NOT NULL,
    description text,
    status text NOT NULL,
    completed_at timestamptz,
    priority smallint NOT NULL,
    tags text[] NOT NULL,
    due timestamptz,
    due_local timestamp,
    timezone text,
    tzdata text,
    reminder_ids bigint[] NOT NULL,
    reminder_dues bigint[] NOT NULL,
    reminder_times text[] NOT NULL,
    reminder_states smallint[] NOT NULL,
    rrule text,
    series_start timestamp,
    rdates timestamp[],
    exdates timestamp[],
    anchor text,
    rollover text,
    dst text,
    misfire text NOT NULL,
    misfire_grace_ms integer NOT NULL,
    series_id bigint,
    predecessor_id bigint,
    occurrence bigint NOT NULL,
    nominal timestamp,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (shard, id)
) WITH (fillfactor = 90);
COMMENT ON COLUMN tasks.reminder_dues IS 'microseconds since the Unix epoch';
CREATE UNIQUE INDEX tasks_predecessor ON tasks (shard, predecessor_id)
    WHERE predecessor_id IS NOT NULL;
CREATE INDEX tasks_series ON tasks (shard, series_id) WHERE series_id IS NOT NULL;
-- Does not lead with the shard, which the user implies: a task that is looked up by its key would
-- otherwise be looked for here, among all of its shard, whenever the planner knows no better.
CREATE INDEX tasks_user_due ON tasks (user_id, due);
CREATE INDEX tasks_zoned ON tasks (shard, tzdata) WHERE tzdata IS NOT NULL AND status = 'active';

CREATE TABLE series_history (
    shard smallint NOT NULL,
    series_id bigint NOT NULL,
    nominal timestamp NOT NULL,
    due timestamptz NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (shard, series_id, nominal)
);

-- Neither `reminders` nor `outbox` is truncated by vacuum, which would lock out a stage; the space
-- at the end is filled again by what comes next.

-- The future. Its only index is its key: a range of it is staged, and whoever takes a reminder
-- back knows its due from the task.
CREATE TABLE reminders (
    shard smallint NOT NULL,
    due timestamptz NOT NULL,
    id bigint NOT NULL,
    kind smallint NOT NULL,
    task_id bigint NOT NULL,
    nominal timestamp NOT NULL,
    misfire smallint NOT NULL,
    misfire_grace_ms integer NOT NULL,
    PRIMARY KEY (shard, due, id)
) WITH (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 1,
    vacuum_truncate = off
);

-- The present.
CREATE TABLE outbox (
    shard smallint NOT NULL,
    source_id bigint NOT NULL,
    nominal timestamp NOT NULL,
    event_type text NOT NULL,
    task_id bigint,
    user_id text NOT NULL,
    due timestamptz NOT NULL,
    payload jsonb NOT NULL,
    PRIMARY KEY (shard, source_id, nominal)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 1, toast_tuple_target = 4080, vacuum_truncate = off
);
COMMENT ON COLUMN outbox.payload IS 'the event without event_id and timestamp';

-- The past.
CREATE TABLE event_log (
    shard smallint NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    topic text NOT NULL,
    task_id bigint,
    user_id text NOT NULL,
    payload jsonb NOT NULL,
    "timestamp" timestamptz NOT NULL,
    processed boolean NOT NULL DEFAULT false,
    logged xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (shard, event_id)
) PARTITION BY RANGE (event_id);
COMMENT ON COLUMN event_log.logged IS 'the writing transaction: readers in other processes ask what has become visible since their last snapshot';
CREATE INDEX event_log_user ON event_log (shard, user_id, "timestamp");
CREATE INDEX event_log_logged ON event_log (logged);
CREATE TABLE event_log_default PARTITION OF event_log DEFAULT;

CREATE TABLE log_positions (
    reader text PRIMARY KEY,
    snapshot pg_snapshot NOT NULL
);
COMMENT ON TABLE log_positions IS 'what each reader of event_log in another process has seen';

CREATE TABLE deliveries (
    shard smallint NOT NULL,
    event_id uuid NOT NULL,
    channel text NOT NULL,
    target text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    first_error text,
    last_error text,
    PRIMARY KEY (shard, event_id, channel, target)
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at);

CREATE TABLE dead_letters (
    shard smallint NOT NULL,
    id bigint NOT NULL,
    event_id uuid NOT NULL,
    channel text NOT NULL,
    target text NOT NULL,
    user_id text NOT NULL,
    attempts integer NOT NULL,
    first_error text,
    last_error text NOT NULL,
    payload jsonb NOT NULL,
    dead_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, id)
);

CREATE TABLE idempotency_keys (
    shard smallint NOT NULL,
    user_id text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Ends the statement that calls it, and with it everything that statement wrote.
CREATE FUNCTION refuse_conflict() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a task was changed meanwhile' USING ERRCODE = 'PC001';
END $$;

CREATE FUNCTION rfc3339(instant timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN (to_jsonb(instant AT TIME ZONE 'UTC') #>> '{}') || 'Z';

-- The smallest event id of an instant: where a partition of event_log begins.
CREATE FUNCTION event_id_floor(instant timestamptz) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;

-- Keeps five weekly partitions of event_log ahead, drops those past the retention, and forgets the
-- answers to requests after a day. Only one process at a time does it.
CREATE FUNCTION maintain(retention interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    week timestamptz;
    partition text;
BEGIN
    IF NOT pg_try_advisory_xact_lock(1347768901) THEN RETURN; END IF;
    FOR week IN SELECT generate_series(
        date_trunc('week', now(), 'UTC') - interval '1 week', now() + interval '5 weeks', '1 week')
    LOOP
        partition := 'event_log_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        BEGIN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
                partition, event_id_floor(week), event_id_floor(week + interval '1 week'));
        EXCEPTION WHEN check_violation THEN
            NULL;  -- Events of that week are in the default partition already, and stay there.
        END;
    END LOOP;
    FOR partition IN
        SELECT c.relname
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'event_log'::regclass AND c.relname ~ '^event_log_[0-9]{4}w[0-9]{2}$'
            AND to_date(substr(c.relname, 11), 'IYYY"w"IW') + 7 < now() - retention
    LOOP
        EXECUTE format('DROP TABLE %I', partition);
    END LOOP;
    DELETE FROM event_log_default WHERE "timestamp" < now() - retention;
    DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day';
END $$;

SELECT maintain(interval '90 days');
