-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: a function.

-- The present, as a reader of event_log remembers it: what has become visible up to the last
-- transaction that has logged something.
--
-- PostgreSQL gives transaction numbers again that were in use shortly before a crash or a failover,
-- if their transactions wrote nothing, as those that only notify or were rolled back. A reader who
-- remembered them as seen would pass over what is logged under them afterwards. Whoever has logged
-- something is durable, and so is his number.
CREATE FUNCTION log_horizon() RETURNS pg_snapshot LANGUAGE sql STABLE AS $$
    SELECT format(
        '%s:%s:%s',
        least(pg_snapshot_xmin(present.s), last.next),
        last.next,
        (
            SELECT string_agg(x::text, ',' ORDER BY x)
            FROM pg_snapshot_xip(present.s) AS x WHERE x < last.next
        )
    )::pg_snapshot
    FROM (SELECT pg_current_snapshot()) AS present(s),
        (
            SELECT coalesce(
                (SELECT logged::text::bigint + 1 FROM event_log ORDER BY logged DESC LIMIT 1), 3
            )::text::xid8
        ) AS last(next)
$$;
