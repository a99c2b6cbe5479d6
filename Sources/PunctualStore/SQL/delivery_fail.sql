-- SPDX-License-Identifier: Apache-2.0
-- $1 shard, $2 event, $3 channel, $4 target, $5 attempts, which fences a worker whose lease has
-- passed to another, $6 the error, $7 microseconds until the next attempt.
UPDATE deliveries
SET next_attempt_at = now() + $7::bigint * interval '1 microsecond',
    first_error = coalesce(first_error, $6), last_error = $6
WHERE shard = $1 AND event_id = $2 AND channel = $3 AND target = $4 AND attempts = $5
