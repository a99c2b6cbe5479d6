-- Deletes a job, and takes back what it has armed and staged. $1 shard, $2 name.
WITH gone AS (
    DELETE FROM jobs WHERE shard = $1 AND name = $2 RETURNING id, due
), disarmed AS (
    DELETE FROM reminders AS r USING gone
    WHERE r.shard = $1 AND r.due = gone.due AND r.id = gone.id
), unstaged AS (
    DELETE FROM outbox AS o USING gone
    WHERE o.shard = $1 AND o.source_id IN (gone.id, -gone.id)
    RETURNING o.source_id, o.nominal
)
SELECT (SELECT count(*) FROM gone), u.source_id, u.nominal
FROM (SELECT) AS one LEFT JOIN unstaged AS u ON true
