-- Tells the owners of shards what others have changed in them; nobody waits for it.
SELECT pg_notify('punctual_hints', line) FROM unnest($1::text[]) AS line
