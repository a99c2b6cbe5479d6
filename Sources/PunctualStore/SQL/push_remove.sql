-- SPDX-License-Identifier: Apache-2.0
-- $1 shard, $2 user, $3 endpoint.
DELETE FROM push_subscriptions WHERE shard = $1 AND user_id = $2 AND endpoint = $3 RETURNING id
