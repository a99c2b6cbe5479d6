-- Makes events new again for whoever follows event_log: $1 shards, $2 event ids.
UPDATE event_log AS e
SET logged = pg_current_xact_id(), replays = least(e.replays + 1, 32767)
FROM unnest($1::smallint[], $2::uuid[]) AS r(shard, event_id)
WHERE e.shard = r.shard AND e.event_id = r.event_id
