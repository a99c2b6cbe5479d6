-- SPDX-License-Identifier: Apache-2.0
-- $1 reader, $2 the snapshot up to which it has read.
INSERT INTO log_positions (reader, snapshot) VALUES ($1, $2::pg_snapshot)
ON CONFLICT (reader) DO UPDATE SET snapshot = excluded.snapshot
