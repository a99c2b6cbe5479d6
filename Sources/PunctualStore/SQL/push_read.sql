-- SPDX-License-Identifier: Apache-2.0
SELECT id, endpoint, p256dh, auth FROM push_subscriptions WHERE shard = $1 AND id = $2
