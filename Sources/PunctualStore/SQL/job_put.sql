-- Writes a job and arms its first time, in place of one of the same name if $11 says so.
--
-- $1 shard, $2 name, $3 id, $4 schedule, $5 due time, $6 ttl, $7 repeats, $8 data, $9 failure
-- policy, $10 due, $11 whether one of this name is replaced, $12 when it expires, $13 nominal.
--
-- A time of the old job that another statement arms meanwhile finds no job under its id.
WITH old AS MATERIALIZED (
    SELECT id, due FROM jobs WHERE shard = $1 AND name = $2
), written AS (
    INSERT INTO jobs (
        shard, name, id, schedule, due_time, ttl, repeats, data, failure_policy, due, expires
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json, $9::json, $10, $12)
    ON CONFLICT (shard, name) DO UPDATE
    SET id = excluded.id, schedule = excluded.schedule, due_time = excluded.due_time,
        ttl = excluded.ttl, repeats = excluded.repeats, data = excluded.data,
        failure_policy = excluded.failure_policy, due = excluded.due, expires = excluded.expires,
        fired = 0, created_at = now()
    WHERE $11
    RETURNING shard, id, due
), disarmed AS (
    DELETE FROM reminders AS r USING old, written
    WHERE r.shard = $1 AND r.due = old.due AND r.id = old.id
), unstaged AS (
    DELETE FROM outbox AS o USING old, written
    WHERE o.shard = $1 AND o.source_id IN (old.id, -old.id)
    RETURNING o.source_id, o.nominal
), armed AS (
    INSERT INTO reminders (shard, due, id, kind, task_id, nominal, misfire, misfire_grace_ms)
    SELECT w.shard, w.due, w.id, 2, w.id, $13, 0, 0 FROM written AS w
)
SELECT (SELECT count(*) FROM written), u.source_id, u.nominal
FROM (SELECT) AS one LEFT JOIN unstaged AS u ON true
