-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: what is new may be absent.

ALTER TABLE users ADD COLUMN notifications_read_to timestamptz;
COMMENT ON COLUMN users.notifications_read_to IS 'up to this release instant all are read; what was read one by one is in notifications';

-- What must be delivered for one event: $4 and $5 are the ways out and where each leads. A way out
-- without a target is a person's own, and leads to what that person has given.
--
-- It is one SELECT, so that it becomes part of the statement that calls it; what no way out asks
-- for is not looked up.
CREATE FUNCTION wanted_deliveries(
    event_type text, event_shard smallint, event_user text, channels text[], targets text[]
) RETURNS TABLE (channel text, target text, next_attempt_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT c.channel, c.target, now()
    FROM unnest(channels, targets) AS c(channel, target)
    WHERE event_type IN ('reminder.due', 'job.due') AND c.target IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM users AS u
            WHERE u.shard = event_shard AND u.id = event_user AND c.channel = ANY(u.muted)
        )
    UNION ALL
    SELECT 'email', u.email, after_quiet_hours(u.timezone, u.quiet_start, u.quiet_end)
    FROM users AS u
    WHERE 'email' = ANY(channels) AND event_type = 'reminder.due'
        AND u.shard = event_shard AND u.id = event_user
        AND u.email IS NOT NULL AND NOT 'email' = ANY(u.muted)
    UNION ALL
    SELECT 'web_push', p.id::text, after_quiet_hours(u.timezone, u.quiet_start, u.quiet_end)
    FROM push_subscriptions AS p
    LEFT JOIN users AS u ON u.shard = p.shard AND u.id = p.user_id
    WHERE 'web_push' = ANY(channels) AND event_type = 'reminder.due'
        AND p.shard = event_shard AND p.user_id = event_user
        AND NOT 'web_push' = ANY(coalesce(u.muted, '{}'))
$$;

-- Forgets marks and dead letters of events that are about to leave event_log, or have left it.
CREATE FUNCTION forget_notifications(retention interval) RETURNS void LANGUAGE sql AS $$
    DELETE FROM notifications WHERE event_id < event_id_floor(now() - retention);
    DELETE FROM dead_letters WHERE event_id < event_id_floor(now() - retention);
$$;
