SELECT t.* FROM tasks AS t WHERE t.shard = $1 AND t.user_id = $2 AND t.id = $3
