-- A user's tags by name.
SELECT id, name, color FROM tags WHERE shard = $1 AND user_id = $2 ORDER BY name LIMIT $3
