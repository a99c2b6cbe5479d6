-- $7: the version that it must have, if any; $8: it must be there; $9: it must not; $10: as many
-- as the user may have.
INSERT INTO conversations AS c (shard, user_id, id, messages, metadata, expires_at)
SELECT $1, $2, $3, $4::json, $5::json, now() + $6 * interval '1 second'
WHERE (NOT $8 OR EXISTS (
    SELECT FROM conversations AS l
    WHERE l.shard = $1 AND l.user_id = $2 AND l.id = $3 AND l.expires_at > now()))
    AND $10::bigint > (SELECT count(*) FROM (
        SELECT FROM conversations AS o
        WHERE o.shard = $1 AND o.user_id = $2 AND o.id <> $3 AND o.expires_at > now()
        LIMIT $10
    ) AS others)
ON CONFLICT (shard, user_id, id) DO UPDATE
SET messages = excluded.messages,
    metadata = excluded.metadata,
    created_at = CASE WHEN c.expires_at > now() THEN c.created_at ELSE now() END,
    updated_at = now(),
    expires_at = excluded.expires_at,
    version = c.version + 1
WHERE CASE
    WHEN c.expires_at > now() THEN NOT $9 AND ($7 IS NULL OR c.version = $7)
    ELSE NOT $8
END
RETURNING c.messages::text, c.metadata::text, c.created_at, c.updated_at, c.expires_at, c.version
