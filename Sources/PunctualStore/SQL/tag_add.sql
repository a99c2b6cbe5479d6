-- Adds a tag, unless the user has one of that name.
INSERT INTO tags (shard, user_id, name, color) VALUES ($1, $2, $3, $4)
ON CONFLICT (shard, user_id, name) DO NOTHING
RETURNING id, name, color
