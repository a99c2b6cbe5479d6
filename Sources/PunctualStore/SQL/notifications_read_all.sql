-- SPDX-License-Identifier: Apache-2.0
-- $1 shard, $2 user. One mark for all, however many there are.
INSERT INTO users (shard, id, notifications_read_to) VALUES ($1, $2, now())
ON CONFLICT (shard, id) DO UPDATE SET notifications_read_to = now()
