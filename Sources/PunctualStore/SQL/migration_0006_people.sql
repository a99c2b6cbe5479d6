-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: what is new may be absent.

ALTER TABLE users
    ADD COLUMN email_is_chosen boolean NOT NULL DEFAULT false,
    ADD COLUMN timezone text,
    ADD COLUMN default_reminders text[],
    ADD COLUMN quiet_start smallint,
    ADD COLUMN quiet_end smallint,
    ADD COLUMN muted text[] NOT NULL DEFAULT '{}',
    ADD COLUMN feed_token text;
CREATE UNIQUE INDEX users_feed ON users (shard, feed_token) WHERE feed_token IS NOT NULL;
COMMENT ON COLUMN users.email_is_chosen IS 'whether the user gave the address, so that tokens do not change it';
COMMENT ON COLUMN users.quiet_start IS 'minutes after midnight in the user''s time zone';

CREATE TABLE api_tokens (
    shard smallint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    user_id text NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    acts_for_others boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    PRIMARY KEY (shard, id)
);
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (shard, hash);
CREATE INDEX api_tokens_user ON api_tokens (shard, user_id);
COMMENT ON COLUMN api_tokens.hash IS 'SHA-256 of the token, which is kept nowhere';

CREATE TABLE push_subscriptions (
    shard smallint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    user_id text NOT NULL,
    endpoint text NOT NULL,
    p256dh bytea NOT NULL,
    auth bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, id)
);
CREATE UNIQUE INDEX push_subscriptions_endpoint ON push_subscriptions (shard, user_id, endpoint);

-- A user's notifications are the fired reminders in event_log; here is which of them were read.
CREATE TABLE notifications (
    shard smallint NOT NULL,
    event_id uuid NOT NULL,
    user_id text NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, event_id)
);

CREATE INDEX dead_letters_user ON dead_letters (shard, user_id, id);

-- When a person may be disturbed: now, or when the quiet hours that it is in are over.
CREATE FUNCTION after_quiet_hours(timezone text, quiet_start smallint, quiet_end smallint)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN quiet_start IS NULL OR quiet_start = quiet_end THEN now()
        WHEN CASE WHEN quiet_start < quiet_end THEN minute >= quiet_start AND minute < quiet_end
            ELSE minute >= quiet_start OR minute < quiet_end END
        THEN (midnight + quiet_end * interval '1 minute'
            + CASE WHEN minute >= quiet_end THEN interval '1 day' ELSE interval '0' END)
            AT TIME ZONE zone
        ELSE now()
    END
    FROM (SELECT coalesce(timezone, 'UTC') AS zone) AS z,
        LATERAL (SELECT date_trunc('day', now() AT TIME ZONE zone) AS midnight,
            floor(extract(epoch FROM (now() AT TIME ZONE zone)::time) / 60) AS minute) AS l
$$;
