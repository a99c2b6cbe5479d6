-- Active tasks in local time whose instant was derived with an older tzdata.
SELECT t.* FROM tasks AS t
WHERE t.shard = ANY($1::smallint[]) AND t.tzdata < $2 AND t.tzdata IS NOT NULL
    AND t.status = 'active'
ORDER BY t.shard, t.id
LIMIT $3
