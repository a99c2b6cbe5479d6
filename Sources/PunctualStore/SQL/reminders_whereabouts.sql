-- Which of these reminders still wait in `reminders`, and which in `outbox`.
SELECT
    ARRAY(
        SELECT found.id
        FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) AS w(shard, id, due)
        CROSS JOIN LATERAL (
            SELECT r.id FROM reminders AS r
            WHERE r.shard = w.shard AND r.due = w.due AND r.id = w.id
            OFFSET 0
        ) AS found
    ),
    ARRAY(
        SELECT found.source_id
        FROM unnest($1::smallint[], $2::bigint[], $4::timestamp[]) AS w(shard, id, nominal)
        CROSS JOIN LATERAL (
            SELECT o.source_id FROM outbox AS o
            WHERE o.shard = w.shard AND o.source_id = w.id AND o.nominal = w.nominal
            OFFSET 0
        ) AS found
    )
