-- SPDX-License-Identifier: Apache-2.0
-- $1 shard, $2 event, $3 channel, $4 target. Not fenced: what was delivered is delivered.
DELETE FROM deliveries WHERE shard = $1 AND event_id = $2 AND channel = $3 AND target = $4
