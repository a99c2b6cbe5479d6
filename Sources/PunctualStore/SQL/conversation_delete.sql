DELETE FROM conversations AS c
WHERE c.shard = $1 AND c.user_id = $2 AND c.id = $3 AND c.expires_at > now()
    AND ($4 IS NULL OR c.version = $4)
RETURNING c.version
