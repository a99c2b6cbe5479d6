-- Which of these reminders still wait in `reminders`, and which in `outbox`.
SELECT
    ARRAY(
        SELECT r.id FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) AS w(shard, id, due)
        JOIN reminders AS r ON r.shard = w.shard AND r.due = w.due AND r.id = w.id
    ),
    ARRAY(
        SELECT o.source_id FROM unnest($1::smallint[], $2::bigint[], $4::timestamp[])
            AS w(shard, id, nominal)
        JOIN outbox AS o
            ON o.shard = w.shard AND o.source_id = w.id AND o.nominal = w.nominal
    )
