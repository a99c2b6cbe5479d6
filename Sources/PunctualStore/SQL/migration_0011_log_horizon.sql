-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: a function.

-- The present, as a reader of event_log remembers it: what has become visible up to the last
-- transaction that has logged something.
--
-- PostgreSQL gives transaction numbers again that were in use shortly before a crash or a failover,
-- if their transactions wrote nothing, as those that only notify or were rolled back. A reader who
-- remembered them as seen would pass over what is logged under them afterwards. Whoever has logged
-- something is durable, and so is his number.
--
-- In PL/pgSQL, which keeps its plan: readers ask up to a hundred times a second.
CREATE FUNCTION log_horizon() RETURNS pg_snapshot LANGUAGE plpgsql STABLE AS $$
DECLARE
    present CONSTANT pg_snapshot = pg_current_snapshot();
    next CONSTANT xid8 = coalesce(
        (SELECT logged::text::bigint + 1 FROM event_log ORDER BY logged DESC LIMIT 1), 3
    )::text::xid8;
BEGIN
    RETURN format(
        '%s:%s:%s',
        least(pg_snapshot_xmin(present), next),
        next,
        (
            SELECT string_agg(x::text, ',' ORDER BY x)
            FROM pg_snapshot_xip(present) AS x WHERE x < next
        )
    );
END $$;
