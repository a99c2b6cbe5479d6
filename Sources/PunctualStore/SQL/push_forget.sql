-- SPDX-License-Identifier: Apache-2.0
DELETE FROM push_subscriptions WHERE shard = $1 AND id = $2
