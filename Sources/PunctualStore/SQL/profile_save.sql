-- SPDX-License-Identifier: Apache-2.0
-- $9: whether the address is the user's own choice from now on.
INSERT INTO users AS u (
    shard, id, email, timezone, default_reminders, quiet_start, quiet_end, muted, email_is_chosen)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (shard, id) DO UPDATE SET
    email = excluded.email, timezone = excluded.timezone,
    default_reminders = excluded.default_reminders, quiet_start = excluded.quiet_start,
    quiet_end = excluded.quiet_end, muted = excluded.muted,
    email_is_chosen = u.email_is_chosen OR excluded.email_is_chosen
