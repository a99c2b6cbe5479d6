SELECT h.shard, h.series_id, h.nominal, h.due, h.state
FROM series_history AS h
WHERE h.shard = $1 AND h.series_id = $2
ORDER BY h.nominal DESC
LIMIT $3
