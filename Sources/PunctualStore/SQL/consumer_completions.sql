-- Which of these tasks (shards $1, users $2, ids $3) are completed and lack their next occurrence.
--
-- The database decides, not the event: one that is not completed here, or that somebody else owns,
-- is not answered. Almost always the API has made the next occurrence, and none is.
SELECT DISTINCT t.shard, t.user_id, t.id
FROM unnest($1::smallint[], $2::text[], $3::bigint[]) AS e(shard, user_id, id)
CROSS JOIN LATERAL (
    SELECT * FROM tasks AS k WHERE k.shard = e.shard AND k.id = e.id OFFSET 0
) AS t
WHERE t.user_id = e.user_id AND t.status = 'completed' AND t.rrule IS NOT NULL
    AND t.rollover = 'on_completion'
    AND NOT EXISTS (
        SELECT FROM (
            SELECT k.id FROM tasks AS k
            WHERE k.shard = t.shard AND k.predecessor_id = t.id OFFSET 0
        ) AS next
    )
