SELECT t.* FROM tasks AS t WHERE t.shard = $1 AND t.predecessor_id = $2
