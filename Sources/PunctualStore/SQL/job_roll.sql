-- Moves a job on from one time to the next, or ends it, and settles the outbox row that asked.
--
-- $1 shard, $2 id, $3 the time that has been, $4 the next, NULL for none, $5 its nominal,
-- $6 the nominal of the time that has been. Repeated, it changes nothing.
WITH settled AS (
    DELETE FROM outbox WHERE shard = $1 AND source_id = -$2::bigint AND nominal = $6
), ended AS (
    DELETE FROM jobs WHERE shard = $1 AND id = $2 AND due = $3 AND $4::timestamptz IS NULL
), rolled AS (
    UPDATE jobs SET due = $4, fired = fired + 1
    WHERE shard = $1 AND id = $2 AND due = $3 AND $4::timestamptz IS NOT NULL
    RETURNING shard, id, due
)
INSERT INTO reminders (shard, due, id, kind, task_id, nominal, misfire, misfire_grace_ms)
SELECT r.shard, r.due, r.id, 2, r.id, $5, 0, 0 FROM rolled AS r
