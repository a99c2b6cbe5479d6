SELECT c.messages::text, c.metadata::text, c.created_at, c.updated_at, c.expires_at, c.version
FROM conversations AS c
WHERE c.shard = $1 AND c.user_id = $2 AND c.id = $3 AND c.expires_at > now()
