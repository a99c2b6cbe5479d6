-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: a table of its own.

-- What a consumer has done for good, so that a repeat does nothing. Like event_log it is
-- partitioned by the event's id, so that what can still be replayed is still known.
CREATE TABLE consumed (
    shard smallint NOT NULL,
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    consumed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, consumer, event_id)
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE consumed IS 'what consumers have done; kept as long as event_log keeps the event';
COMMENT ON COLUMN consumed.event_id IS 'of the event, or for recurring of the completion itself';
CREATE TABLE consumed_default PARTITION OF consumed DEFAULT;

-- Keeps five weekly partitions of consumed ahead, and drops those past the retention. Only one
-- process at a time does it.
CREATE FUNCTION maintain_consumed(retention interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    week timestamptz;
    partition text;
BEGIN
    IF NOT pg_try_advisory_xact_lock(1347768902) THEN RETURN; END IF;
    FOR week IN SELECT generate_series(
        date_trunc('week', now(), 'UTC') - interval '1 week', now() + interval '5 weeks', '1 week')
    LOOP
        partition := 'consumed_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        BEGIN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF consumed FOR VALUES FROM (%L) TO (%L)',
                partition, event_id_floor(week), event_id_floor(week + interval '1 week'));
        EXCEPTION WHEN check_violation THEN
            NULL;  -- Events of that week are in the default partition already, and stay there.
        END;
    END LOOP;
    FOR partition IN
        SELECT c.relname
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'consumed'::regclass AND c.relname ~ '^consumed_[0-9]{4}w[0-9]{2}$'
            AND to_date(substr(c.relname, 10), 'IYYY"w"IW') + 7 < now() - retention
    LOOP
        EXECUTE format('DROP TABLE %I', partition);
    END LOOP;
    DELETE FROM consumed_default WHERE consumed_at < now() - retention;
END $$;

SELECT maintain_consumed(interval '90 days');

-- How often an event has been sent again from here; a reader in another process sees that it is new
-- again, and one in the process that released it that this is on purpose.
ALTER TABLE event_log ADD COLUMN replays smallint NOT NULL DEFAULT 0;

-- A replay reads ranges of time, which lie together on disk.
CREATE INDEX event_log_timestamp ON event_log USING brin ("timestamp")
    WITH (pages_per_range = 32, autosummarize = on);
