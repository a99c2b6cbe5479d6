-- A job by its name, or else by its id. $1 shard, $2 name, $3 id.
SELECT
    j.name, j.id, j.schedule, j.due_time, j.ttl, j.repeats, j.data::text, j.failure_policy::text,
    j.fired, j.due, j.expires
FROM jobs AS j
WHERE j.shard = $1 AND j.name = $2 OR j.shard = $1 AND j.id = $3
