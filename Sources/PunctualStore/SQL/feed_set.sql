-- SPDX-License-Identifier: Apache-2.0
INSERT INTO users (shard, id, feed_token) VALUES ($1, $2, $3)
ON CONFLICT (shard, id) DO UPDATE SET feed_token = excluded.feed_token
