-- SPDX-License-Identifier: Apache-2.0
SELECT email, timezone, default_reminders, quiet_start, quiet_end, muted, feed_token
FROM users WHERE shard = $1 AND id = $2
