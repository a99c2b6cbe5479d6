-- Removes a tag, also from every task that has it.
WITH removed AS (
    DELETE FROM tags WHERE shard = $1 AND user_id = $2 AND id = $3 RETURNING id, name
), cleared AS (
    UPDATE tasks AS t
    SET tags = array_remove(t.tags, r.name), version = t.version + 1, updated_at = now()
    FROM removed AS r
    WHERE t.shard = $1 AND t.user_id = $2 AND t.tags @> ARRAY[r.name]
)
SELECT id FROM removed
