SELECT k.fingerprint, k.status, k.body
FROM idempotency_keys AS k
WHERE k.shard = $1 AND k.user_id = $2 AND k.key = $3
