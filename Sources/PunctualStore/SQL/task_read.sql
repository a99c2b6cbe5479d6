-- OFFSET 0 keeps the planner from looking for the task among all of its user's.
SELECT t.*
FROM (SELECT * FROM tasks AS k WHERE k.shard = $1 AND k.id = $3 OFFSET 0) AS t
WHERE t.user_id = $2
