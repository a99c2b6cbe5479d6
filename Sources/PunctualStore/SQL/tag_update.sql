-- Changes a tag: $4 is its name or NULL, $5 whether the colour is set, $6 the colour. A new name
-- goes to every task that has the old one.
WITH old AS (
    SELECT id, name FROM tags WHERE shard = $1 AND user_id = $2 AND id = $3 FOR UPDATE
), renamed AS (
    UPDATE tasks AS t
    SET tags = array_replace(t.tags, old.name, $4), version = t.version + 1, updated_at = now()
    FROM old
    WHERE t.shard = $1 AND t.user_id = $2 AND t.tags @> ARRAY[old.name] AND old.name <> $4
)
UPDATE tags AS t
SET name = coalesce($4, t.name), color = CASE WHEN $5 THEN $6::text ELSE t.color END
FROM old
WHERE t.shard = $1 AND t.id = old.id
RETURNING t.id, t.name, t.color
