-- A page of a user's tasks. The words SORT_KEY, SORT_COLUMN, SORT_BOUND, COMPARED and DIRECTION are
-- replaced by constants of the program; every value is a parameter.
SELECT t.*, SORT_KEY AS sort_key
FROM tasks AS t
WHERE t.shard = $1 AND t.user_id = $2
    AND ($3::text IS NULL OR t.status = $3)
    AND ($4::smallint[] IS NULL OR t.priority = ANY($4))
    AND ($5::text[] IS NULL OR t.tags @> $5)
    AND ($6::timestamptz IS NULL OR coalesce(t.due, 'infinity') < $6)
    AND ($7::timestamptz IS NULL OR coalesce(t.due, 'infinity') > $7 AND t.due IS NOT NULL)
    AND ($8::bigint IS NULL OR t.series_id = $8)
    AND ($9::bigint IS NULL OR (SORT_COLUMN, t.id) COMPARED (SORT_BOUND, $10::bigint))
    AND ($12::boolean IS NULL OR (t.paused_at IS NOT NULL) = $12)
    -- The index knows the pieces of words. Where another one is followed instead, the text itself is
    -- looked at first, because its pieces take a hundred times as long to make.
    AND ($13::text[] IS NULL OR text_pieces(task_text(t.title, t.description)) @@ pieces_query($13))
    AND ($13::text[] IS NULL OR strpos(task_text(t.title, t.description), lower(($13)[1])) > 0)
    AND ($13::text[] IS NULL OR NOT EXISTS (
        SELECT FROM unnest($13) AS word
        WHERE strpos(task_text(t.title, t.description), lower(word)) = 0
    ))
ORDER BY SORT_COLUMN DIRECTION, t.id DIRECTION
LIMIT $11
