-- Removes released events from `outbox` once a transport has accepted them that has an audit.
--
-- $1 shards, $2 epochs, $3 sources, $4 nominal times. Events with an epoch count only while their
-- lease holds. OFFSET 0 as in acknowledge.sql.
WITH released AS MATERIALIZED (
    SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::timestamp[])
        AS r(shard, epoch, source_id, nominal)
), leases AS MATERIALIZED (
    SELECT s.shard, s.epoch
    FROM (SELECT DISTINCT shard, epoch FROM released WHERE epoch > 0) AS r
    JOIN shards AS s ON s.shard = r.shard AND s.epoch = r.epoch
    FOR KEY SHARE OF s
)
DELETE FROM outbox AS o
WHERE o.ctid = ANY(ARRAY(
    SELECT p.place
    FROM released AS f
    CROSS JOIN LATERAL (
        SELECT k.ctid AS place FROM outbox AS k
        WHERE k.shard = f.shard AND k.source_id = f.source_id AND k.nominal = f.nominal
        OFFSET 0
    ) AS p
    WHERE f.epoch = 0 OR (f.shard, f.epoch) IN (SELECT l.shard, l.epoch FROM leases AS l)
))
