-- How many events of each type a replay would send: $1 from, $2 to, $3 topic, $4 shard, $5 user;
-- NULL selects everything.
SELECT event_type, count(*)
FROM event_log
WHERE "timestamp" >= $1 AND "timestamp" < $2 AND topic <> 'engine'
    AND event_id < event_id_floor($2 + interval '1 millisecond')
    AND ($3::text IS NULL OR topic = $3)
    AND ($5::text IS NULL OR shard = $4::smallint AND user_id = $5)
GROUP BY event_type
ORDER BY event_type
