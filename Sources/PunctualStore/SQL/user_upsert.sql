INSERT INTO users AS u (shard, id, email) VALUES ($1, $2, $3)
ON CONFLICT (shard, id) DO UPDATE SET email = excluded.email
WHERE excluded.email IS NOT NULL AND u.email IS DISTINCT FROM excluded.email
