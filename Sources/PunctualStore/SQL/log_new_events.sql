-- SPDX-License-Identifier: Apache-2.0
-- What has become visible in event_log since a snapshot.
--
-- $1 the snapshot that has been read, $2 the one that is being read (NULL: the present one),
-- $3, $4, $5 the last row read of this range (NULL at its start), $6 most rows, $7 the types that
-- are wanted (NULL: all).
--
-- A row is new if this snapshot sees its transaction and the last one did not; no order of ids or
-- times would do, because transactions commit in another order than they begin. The horizon is
-- returned on every row, and on one empty row when nothing is new.
WITH bounds AS MATERIALIZED (
    SELECT $1::pg_snapshot AS seen, coalesce($2::pg_snapshot, log_horizon()) AS horizon
)
SELECT b.horizon::text, e.logged::text::bigint, e.shard, e.event_id, e.event_type, e.task_id,
    e.user_id, e."timestamp", e.payload, e.replays > 0, e.traceparent
FROM bounds b LEFT JOIN LATERAL (
    SELECT * FROM event_log
    WHERE logged >= coalesce($3::bigint::text::xid8, pg_snapshot_xmin(b.seen))
        AND logged < pg_snapshot_xmax(b.horizon)
        AND NOT pg_visible_in_snapshot(logged, b.seen)
        AND pg_visible_in_snapshot(logged, b.horizon)
        AND ($7::text[] IS NULL OR event_type = ANY($7))
        AND ($3::bigint IS NULL OR
            (logged, shard, event_id) > ($3::bigint::text::xid8, $4::smallint, $5::uuid))
    ORDER BY logged, shard, event_id
    LIMIT $6
) e ON true
