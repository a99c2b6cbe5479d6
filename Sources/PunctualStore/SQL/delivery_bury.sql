-- SPDX-License-Identifier: Apache-2.0
-- $1 shard, $2 event, $3 channel, $4 target, $5 attempts, which fences a worker whose lease has
-- passed to another, $6 the error.
WITH given_up AS (
    DELETE FROM deliveries
    WHERE shard = $1 AND event_id = $2 AND channel = $3 AND target = $4 AND attempts = $5
    RETURNING *
)
INSERT INTO dead_letters (
    shard, id, event_id, channel, target, user_id, attempts, first_error, last_error, payload
)
SELECT shard, nextval('ids'), event_id, g.channel, g.target, e.user_id, g.attempts,
    coalesce(g.first_error, $6), $6, e.payload
FROM given_up g JOIN event_log e USING (shard, event_id)
