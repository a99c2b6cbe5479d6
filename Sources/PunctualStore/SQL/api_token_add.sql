-- SPDX-License-Identifier: Apache-2.0
-- None is added when the user has $7 already.
INSERT INTO api_tokens (shard, user_id, name, hash, acts_for_others, expires_at)
SELECT $1, $2, $3, $4, $5, $6
WHERE (SELECT count(*) FROM api_tokens WHERE shard = $1 AND user_id = $2) < $7
RETURNING id, name, acts_for_others, created_at, expires_at
