-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: a table of its own.

-- Which engines there are, so that each takes its share of the shards. It has a row for each
-- process and is read whole; what is in it after a crash nobody needs.
CREATE UNLOGGED TABLE engines (
    engine_id integer PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Says that an engine is alive, takes the lock by which its death is noticed at once unless this
-- session has it, and counts the engines that are alive: seen within the lease, and locking.
CREATE FUNCTION engine_seen(engine integer, lease interval) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('punctual.engine', true) IS DISTINCT FROM engine::text
        AND pg_try_advisory_lock(1347768899, engine)
    THEN
        PERFORM set_config('punctual.engine', engine::text, false);
    END IF;
    INSERT INTO engines AS e (engine_id, seen_at) VALUES (engine, clock_timestamp())
    ON CONFLICT (engine_id) DO UPDATE SET seen_at = excluded.seen_at;
    RETURN (
        SELECT count(*) FROM engines AS e
        WHERE e.engine_id = engine OR e.seen_at > clock_timestamp() - lease
            AND e.engine_id IN (SELECT engine_id FROM engine_locks()));
END $$;

-- The engines whose sessions are there.
CREATE FUNCTION engine_locks() RETURNS TABLE (engine_id integer) LANGUAGE sql STABLE AS $$
    SELECT objid::bigint::integer FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1347768899 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
$$;
