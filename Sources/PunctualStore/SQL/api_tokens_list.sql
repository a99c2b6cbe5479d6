-- SPDX-License-Identifier: Apache-2.0
SELECT id, name, acts_for_others, created_at, expires_at
FROM api_tokens WHERE shard = $1 AND user_id = $2 ORDER BY id
