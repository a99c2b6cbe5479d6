-- SPDX-License-Identifier: Apache-2.0
SELECT t.user_id, u.email, t.acts_for_others
FROM api_tokens AS t LEFT JOIN users AS u ON u.shard = t.shard AND u.id = t.user_id
WHERE t.shard = $1 AND t.hash = $2 AND (t.expires_at IS NULL OR t.expires_at > now())
