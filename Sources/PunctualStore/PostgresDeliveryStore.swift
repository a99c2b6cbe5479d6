// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// Deliveries to external channels, in PostgreSQL.
package struct PostgresDeliveryStore: DeliveryStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool

    /// Creates a store over a pool, which must be running.
    package init(pool: PostgresPool) { self.pool = pool }

    package func claim(_ claim: DeliveryClaim) async throws -> ClaimedDeliveries {
        let result = try await rows(of: claim)
        var claimed = ClaimedDeliveries(deliveries: [], nextAttempt: nil)
        for row in result {
            if let shard = try row.int2OrNil(0) {
                claimed.deliveries.append(try Self.delivery(row, shard: shard, of: claim.channel))
            } else {
                claimed.nextAttempt = try row.int8OrNil(6).map { .microseconds($0) }
            }
        }
        return claimed
    }

    private func rows(of claim: DeliveryClaim) async throws -> PostgresResult {
        guard !claim.isInOrder else {
            return try await pool.execute(
                PostgresStatement("delivery_claim_in_order", SQL.delivery_claim_in_order_sql),
                [
                    .text(claim.channel), .int8(Int64(claim.limit)),
                    .int8(claim.lease.wholeMicroseconds),
                ]
            )
        }
        let running = claim.running.sorted { $0.key < $1.key }
        return try await pool.execute(
            PostgresStatement("delivery_claim", SQL.delivery_claim_sql),
            [
                .text(claim.channel), .int8(Int64(claim.limit)),
                .int8(Int64(claim.limitPerTarget)), .textArray(running.map(\.key)),
                .int4Array(running.map { Int32(clamping: $0.value) }),
                .int8(claim.lease.wholeMicroseconds),
            ]
        )
    }

    private static func delivery(
        _ row: PostgresRow,
        shard: Int16,
        of channel: String
    ) throws -> Delivery {
        let id = try row.uuid(1)
        return Delivery(
            key: Delivery.Key(
                shard: shard,
                eventID: EventID(high: id.high, low: id.low),
                channel: channel,
                target: try row.text(2)
            ),
            attempts: Int(try row.int4(3)),
            timestamp: WallInstant(microsecondsSinceEpoch: try row.timestamptzOrNil(4) ?? 0),
            json: try row.jsonTextOrNil(5)
        )
    }

    package func succeed(_ delivery: Delivery) async throws {
        _ = try await pool.execute(
            PostgresStatement("delivery_succeed", SQL.delivery_succeed_sql),
            Self.key(delivery)
        )
    }

    package func fail(
        _ delivery: Delivery,
        error: String,
        retryAfter delay: Duration
    ) async throws {
        _ = try await pool.execute(
            PostgresStatement("delivery_fail", SQL.delivery_fail_sql),
            Self.key(delivery) + [
                .int4(Int32(clamping: delivery.attempts)), .text(error),
                .int8(delay.wholeMicroseconds),
            ]
        )
    }

    package func bury(_ delivery: Delivery, error: String) async throws {
        _ = try await pool.execute(
            PostgresStatement("delivery_bury", SQL.delivery_bury_sql),
            Self.key(delivery) + [.int4(Int32(clamping: delivery.attempts)), .text(error)]
        )
    }

    package func depths(limit: Int) async throws -> [DeliveryDepth] {
        try await pool.execute(
            PostgresStatement("delivery_depths", SQL.delivery_depths_sql),
            [.int8(Int64(limit))]
        ).map { row in
            DeliveryDepth(
                channel: try row.text(0),
                waiting: Int(try row.int8(1)),
                dead: Int(try row.int8(2))
            )
        }
    }

    private static func key(_ delivery: Delivery) -> [PostgresValue] {
        let key = delivery.key
        return [
            .int2(key.shard),
            .uuid(PostgresUUID(high: key.eventID.high, low: key.eventID.low)),
            .text(key.channel),
            .text(key.target),
        ]
    }
}

extension Duration {
    /// Rounded up, because nothing may be early; durations here are hours at most.
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + (attoseconds + 999_999_999_999) / 1_000_000_000_000
    }
}
