-- Whether a consumer has done it: $1 shard, $2 consumer, $3 event id.
SELECT EXISTS (
    SELECT FROM consumed WHERE shard = $1 AND consumer = $2 AND event_id = $3
)
