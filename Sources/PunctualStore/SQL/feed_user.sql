-- SPDX-License-Identifier: Apache-2.0
SELECT id, email FROM users WHERE shard = $1 AND feed_token = $2
