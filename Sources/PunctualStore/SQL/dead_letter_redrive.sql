-- SPDX-License-Identifier: Apache-2.0
-- Puts what was given up back among what waits: $1 shard, $2 user, $3 the dead letter.
--
-- An e-mail goes to the address that the user has by now: a wrong one may be why it was given up.
WITH taken AS (
    DELETE FROM dead_letters AS d USING event_log AS e
    WHERE d.shard = $1 AND d.user_id = $2 AND d.id = $3
        AND e.shard = d.shard AND e.event_id = d.event_id
    RETURNING d.*
), restored AS (
    INSERT INTO deliveries (shard, event_id, channel, target, next_attempt_at)
    SELECT t.shard, t.event_id, t.channel,
        CASE t.channel WHEN 'email' THEN coalesce(u.email, t.target) ELSE t.target END, now()
    FROM taken AS t LEFT JOIN users AS u ON u.shard = t.shard AND u.id = t.user_id
    ON CONFLICT DO NOTHING
)
SELECT id FROM taken
