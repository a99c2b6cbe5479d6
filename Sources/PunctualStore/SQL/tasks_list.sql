-- A page of a user's tasks. The words SORT_KEY and DIRECTION are replaced by constants of the
-- program; every value is a parameter.
SELECT page.* FROM (
    SELECT t.*, SORT_KEY AS sort_key
    FROM tasks AS t
    WHERE t.shard = $1 AND t.user_id = $2
        AND ($3::text IS NULL OR t.status = $3)
        AND ($4::smallint[] IS NULL OR t.priority = ANY($4))
        AND ($5::text[] IS NULL OR t.tags @> $5)
        AND ($6::timestamptz IS NULL OR t.due < $6)
        AND ($7::timestamptz IS NULL OR t.due > $7)
        AND ($8::bigint IS NULL OR t.series_id = $8)
) AS page
WHERE $9::bigint IS NULL OR (page.sort_key, page.id) COMPARED ($9, $10::bigint)
ORDER BY page.sort_key DIRECTION, page.id DIRECTION
LIMIT $11
