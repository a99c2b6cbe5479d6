-- SPDX-License-Identifier: Apache-2.0
-- $1 shard, $2 user, $3 endpoint, $4 and $5 the browser's keys, $6 how many the user may have.
WITH crowded AS (
    DELETE FROM push_subscriptions AS p
    WHERE p.shard = $1 AND p.user_id = $2 AND p.endpoint <> $3 AND p.id <= (
        SELECT o.id FROM push_subscriptions AS o
        WHERE o.shard = $1 AND o.user_id = $2 AND o.endpoint <> $3
        ORDER BY o.id DESC OFFSET $6::bigint - 1 LIMIT 1
    )
)
INSERT INTO push_subscriptions (shard, user_id, endpoint, p256dh, auth) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shard, user_id, endpoint) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth
