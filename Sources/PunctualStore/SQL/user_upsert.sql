INSERT INTO users AS u (shard, id, email, timezone) VALUES ($1, $2, $3, $4)
ON CONFLICT (shard, id) DO UPDATE SET
    email = CASE WHEN u.email_is_chosen THEN u.email ELSE coalesce(excluded.email, u.email) END,
    timezone = coalesce(u.timezone, excluded.timezone)
WHERE NOT u.email_is_chosen AND excluded.email IS NOT NULL
        AND u.email IS DISTINCT FROM excluded.email
    OR u.timezone IS NULL AND excluded.timezone IS NOT NULL
