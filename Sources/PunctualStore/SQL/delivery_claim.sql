-- SPDX-License-Identifier: Apache-2.0
-- Lends a channel's due deliveries to a worker and counts an attempt for each.
--
-- $1 channel, $2 most deliveries, $3 most to one target, those running included, $4 and $5 the
-- targets with deliveries running and how many, $6 the lease in microseconds.
--
-- Targets that are busy are passed over, and the ranks give the others their share, so that the
-- backlog of one does not hide the others. One row says when the next delivery will be due
-- (microseconds from now, NULL if none); it comes last, without a delivery.
WITH running AS (
    SELECT * FROM unnest($4::text[], $5::integer[]) AS r (target, deliveries)
),
due AS (
    SELECT d.shard, d.event_id, d.target, d.next_attempt_at, coalesce(r.deliveries, 0) AS running
    FROM deliveries d LEFT JOIN running r USING (target)
    WHERE d.channel = $1 AND d.next_attempt_at <= now() AND coalesce(r.deliveries, 0) < $3
    ORDER BY d.next_attempt_at
    LIMIT 1000
),
ranked AS (
    SELECT *, running + row_number() OVER (PARTITION BY target ORDER BY next_attempt_at) AS rank
    FROM due
),
chosen AS (
    SELECT d.shard, d.event_id, d.target
    FROM ranked JOIN deliveries d USING (shard, event_id, target)
    WHERE d.channel = $1 AND d.next_attempt_at <= now() AND ranked.rank <= $3
    ORDER BY ranked.next_attempt_at
    LIMIT $2
    FOR UPDATE OF d SKIP LOCKED
),
claimed AS (
    UPDATE deliveries d
    SET next_attempt_at = now() + $6::bigint * interval '1 microsecond', attempts = d.attempts + 1
    FROM chosen
    WHERE d.shard = chosen.shard AND d.event_id = chosen.event_id AND d.channel = $1
        AND d.target = chosen.target
    RETURNING d.shard, d.event_id, d.target, d.attempts
)
SELECT c.shard, c.event_id, c.target, c.attempts, e."timestamp", e.payload, NULL::bigint AS next
FROM claimed c LEFT JOIN event_log e USING (shard, event_id)
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, (
    SELECT ceil(extract(epoch FROM min(next_attempt_at) - now()) * 1000000)::bigint
    FROM deliveries WHERE channel = $1 AND next_attempt_at > now()
)
