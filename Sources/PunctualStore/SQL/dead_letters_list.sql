-- SPDX-License-Identifier: Apache-2.0
-- A user's dead letters, newest first: $1 shard, $2 user, $3 the last one of the page before, $4
-- most rows.
SELECT id, event_id, channel, target, attempts, first_error, last_error, payload, dead_at
FROM dead_letters
WHERE shard = $1 AND user_id = $2 AND ($3::bigint IS NULL OR id < $3)
ORDER BY id DESC
LIMIT $4
