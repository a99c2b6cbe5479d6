-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: a table of its own.

CREATE TABLE conversations (
    shard smallint NOT NULL,
    user_id text NOT NULL,
    id text NOT NULL,
    messages json NOT NULL,
    metadata json,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (shard, user_id, id)
);
CREATE INDEX conversations_expiry ON conversations (expires_at);
COMMENT ON TABLE conversations IS 'what chat agents and their users have said, until it expires';

-- Removes what nobody sees any more, at most ten thousand at once.
CREATE FUNCTION forget_conversations() RETURNS void LANGUAGE sql AS $$
    DELETE FROM conversations AS c
    USING (
        SELECT shard, user_id, id FROM conversations
        WHERE expires_at <= now() ORDER BY expires_at LIMIT 10000 FOR UPDATE SKIP LOCKED
    ) AS old
    WHERE (c.shard, c.user_id, c.id) = (old.shard, old.user_id, old.id)
$$;
