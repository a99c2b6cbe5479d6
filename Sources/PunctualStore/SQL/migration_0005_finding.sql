-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: adds what lists, searches, tags and pauses need.
--
-- Both extensions are among those that PostgreSQL trusts the owner of a database with.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

ALTER TABLE tasks ADD COLUMN paused_at timestamptz;

CREATE TABLE tags (
    shard smallint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    user_id text NOT NULL,
    name text NOT NULL,
    color text,
    PRIMARY KEY (shard, id)
);
CREATE UNIQUE INDEX tags_name ON tags (shard, user_id, name);
INSERT INTO tags (shard, user_id, name)
    SELECT DISTINCT shard, user_id, unnest(tags) FROM tasks ON CONFLICT DO NOTHING;

-- What a list is sorted by, so that a page is read from where it begins. None leads with the shard,
-- which the user implies: see tasks_user_due in the first migration, which this replaces.
DROP INDEX tasks_user_due;
CREATE INDEX tasks_by_due ON tasks (user_id, (coalesce(due, 'infinity')), id);
CREATE INDEX tasks_by_due_active ON tasks (user_id, (coalesce(due, 'infinity')), id)
    WHERE status = 'active';
CREATE INDEX tasks_by_priority ON tasks (user_id, priority, id);
CREATE INDEX tasks_by_created ON tasks (user_id, created_at, id);

-- Words anywhere in the text, and tags.
CREATE FUNCTION task_text(title text, description text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(title || E'\n' || coalesce(description, ''));
CREATE INDEX tasks_found ON tasks USING gin (user_id, tags, task_text(title, description) gin_trgm_ops);
