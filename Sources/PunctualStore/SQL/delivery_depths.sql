-- SPDX-License-Identifier: Apache-2.0
-- How many deliveries wait and how many are dead, by channel; at most $1 rows of each are counted.
SELECT channel, sum(waiting)::bigint, sum(dead)::bigint
FROM (
    (SELECT channel, 1 AS waiting, 0 AS dead FROM deliveries LIMIT $1)
    UNION ALL
    (SELECT channel, 0, 1 FROM dead_letters LIMIT $1)
) AS rows
GROUP BY channel
