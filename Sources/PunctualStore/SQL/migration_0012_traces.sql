-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: columns that a program which does not know them leaves out.

-- The W3C Trace Context of the request that caused it; almost always there is none.
ALTER TABLE reminders ADD COLUMN traceparent text;
ALTER TABLE outbox ADD COLUMN traceparent text;
ALTER TABLE event_log ADD COLUMN traceparent text;
