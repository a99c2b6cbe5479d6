-- SPDX-License-Identifier: Apache-2.0
-- Where a reader goes on: at the position saved for $1, or at the present if there is none.
SELECT coalesce(
    (SELECT snapshot FROM log_positions WHERE reader = $1), log_horizon()
)::text
