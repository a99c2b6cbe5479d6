-- SPDX-License-Identifier: Apache-2.0
-- Lends a channel's due deliveries like delivery_claim, but to each target only its oldest.
--
-- $1 channel, $2 most deliveries, $3 the lease in microseconds.
--
-- The oldest stays the oldest while it is lent or waits for another attempt, and holds up all that
-- came after it: an event's id begins with its instant.
WITH due AS (
    SELECT d.shard, d.event_id, d.target
    FROM deliveries AS d
    WHERE d.channel = $1 AND d.next_attempt_at <= now()
        AND NOT EXISTS (
            SELECT FROM deliveries AS e
            WHERE e.shard = d.shard AND e.channel = $1 AND e.channel = 'job'
                AND e.target = d.target AND e.event_id < d.event_id
        )
    ORDER BY d.next_attempt_at
    LIMIT $2
), chosen AS (
    SELECT d.shard, d.event_id, d.target
    FROM due JOIN deliveries AS d USING (shard, event_id, target)
    WHERE d.channel = $1 AND d.next_attempt_at <= now()
    FOR UPDATE OF d SKIP LOCKED
), claimed AS (
    UPDATE deliveries AS d
    SET next_attempt_at = now() + $3::bigint * interval '1 microsecond', attempts = d.attempts + 1
    FROM chosen
    WHERE d.shard = chosen.shard AND d.event_id = chosen.event_id AND d.channel = $1
        AND d.target = chosen.target
    RETURNING d.shard, d.event_id, d.target, d.attempts
)
SELECT c.shard, c.event_id, c.target, c.attempts, e."timestamp", e.payload, NULL::bigint AS next
FROM claimed AS c LEFT JOIN event_log AS e USING (shard, event_id)
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, (
    SELECT ceil(extract(epoch FROM min(next_attempt_at) - now()) * 1000000)::bigint
    FROM deliveries WHERE channel = $1 AND next_attempt_at > now()
)
