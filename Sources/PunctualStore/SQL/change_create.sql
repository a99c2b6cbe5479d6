-- Writes what is new of a change, which no other request knows of: the rows that change_apply.sql
-- inserts, in a statement of its own, because that one opens every table and index each time,
-- whether or not there is something to write.
--
-- $1 tasks, $2 armed reminders, $3 events, $4 the answers to remember, $5 the tags that the tasks
-- carry; all JSON arrays of rows, empty where there is nothing.
WITH inserted AS (
    INSERT INTO tasks SELECT * FROM jsonb_populate_recordset(NULL::tasks, $1)
), armed AS (
    INSERT INTO reminders SELECT * FROM jsonb_populate_recordset(NULL::reminders, $2)
), queued AS (
    INSERT INTO outbox SELECT * FROM jsonb_populate_recordset(NULL::outbox, $3)
    ON CONFLICT (shard, source_id, nominal) DO NOTHING
), remembered AS (
    INSERT INTO idempotency_keys (shard, user_id, key, fingerprint, status, body)
    SELECT shard, user_id, key, fingerprint, status, body
    FROM jsonb_populate_recordset(NULL::idempotency_keys, $4)
)
-- In one order, so that two changes never wait for one another.
INSERT INTO tags (shard, user_id, name)
SELECT DISTINCT shard, user_id, name
FROM jsonb_to_recordset($5) AS n(shard smallint, user_id text, name text)
ORDER BY shard, user_id, name
ON CONFLICT (shard, user_id, name) DO NOTHING
