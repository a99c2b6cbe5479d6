-- Takes staged reminders back that a stage moved while a change was looking for them.
DELETE FROM outbox AS o
WHERE o.shard = $1 AND o.source_id = ANY($2::bigint[])
RETURNING o.source_id
