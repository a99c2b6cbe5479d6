-- $4: whether the last comes first; $5: only what follows this instant in that order.
SELECT h.shard, h.series_id, h.nominal, h.due, h.state
FROM series_history AS h
WHERE h.shard = $1 AND h.series_id = $2
    AND ($5::timestamptz IS NULL OR CASE WHEN $4::boolean THEN h.due < $5 ELSE h.due > $5 END)
ORDER BY CASE WHEN $4 THEN h.due END DESC, CASE WHEN NOT $4 THEN h.due END
LIMIT $3
