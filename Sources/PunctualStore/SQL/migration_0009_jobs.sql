-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: a table of its own, and an index for its deliveries.

CREATE TABLE jobs (
    shard smallint NOT NULL,
    name text NOT NULL,
    id bigint NOT NULL,
    schedule text,
    due_time text,
    ttl text,
    repeats integer,
    data json,
    failure_policy json,
    fired integer NOT NULL DEFAULT 0,
    due timestamptz NOT NULL,
    expires timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, name)
);
CREATE UNIQUE INDEX jobs_id ON jobs (shard, id);
COMMENT ON TABLE jobs IS 'named schedules without a task; the next time of each is in reminders, as kind 2, under its id';
COMMENT ON COLUMN jobs.due IS 'the next time, or the one that is being fired';

-- One tick of a job waits for the one before it.
CREATE INDEX deliveries_of_jobs ON deliveries (shard, target, event_id) WHERE channel = 'job';

-- As before, and for each tick of a job a call, with the job for its target.
CREATE OR REPLACE FUNCTION wanted_deliveries(
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
    UNION ALL
    SELECT 'job', event_user, now()
    WHERE 'job' = ANY(channels) AND event_type = 'job.due'
$$;
