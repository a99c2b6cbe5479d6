-- SPDX-License-Identifier: Apache-2.0
DELETE FROM api_tokens WHERE shard = $1 AND user_id = $2 AND id = $3 RETURNING id
