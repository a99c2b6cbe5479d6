-- Who holds which shard.
SELECT shard, CASE WHEN expires > clock_timestamp() THEN engine_id END FROM shards
