// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// What the consumers write, in PostgreSQL.
package struct PostgresConsumerStore: ConsumerStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool
    private let channels: [DeliveryChannel]

    /// Creates a store over a pool, which must be running; `channels` get every fired reminder.
    package init(pool: PostgresPool, channels: [DeliveryChannel] = []) {
        (self.pool, self.channels) = (pool, channels)
    }

    package func record(_ events: [ReleasedEvent]) async throws {
        _ = try await execute(
            PostgresStatement("consumer_audit", SQL.consumer_audit_sql),
            Self.rows(events)
        )
    }

    package func makeDeliveries(for events: [ReleasedEvent]) async throws {
        _ = try await execute(
            PostgresStatement("consumer_notify", SQL.consumer_notify_sql),
            Self.rows(events) + [
                .textArray(channels.map(\.channel)), .textArrayOptional(channels.map(\.target)),
            ]
        )
    }

    package func pendingSuccessions(
        of events: [ReleasedEvent]
    ) async throws -> [PendingSuccession] {
        try await execute(
            PostgresStatement("consumer_completions", SQL.consumer_completions_sql),
            [
                .int2Array(events.map(\.key.shard)), .textArray(events.map(\.userID)),
                .int8ArrayOptional(events.map(\.taskID)),
            ]
        ).map { row in
            PendingSuccession(
                shard: try row.int2(0),
                userID: try row.text(1),
                taskID: try row.int8(2)
            )
        }
    }

    package func contains(_ mark: ConsumedMark) async throws -> Bool {
        try await execute(
            PostgresStatement("consumed_read", SQL.consumed_read_sql),
            [.int2(mark.shard), .text(mark.consumer), .uuid(mark.id.uuid)]
        ).first?.bool(0) ?? false
    }

    private static func rows(_ events: [ReleasedEvent]) -> [PostgresValue] {
        [
            .int2Array(events.map(\.key.shard)), .uuidArray(events.map(\.id.uuid)),
            .textArray(events.map(\.type.rawValue)),
            .textArray(events.map(\.type.topic.rawValue)),
            .int8ArrayOptional(events.map(\.taskID)), .textArray(events.map(\.userID)),
            .jsonbArray(events.map(\.json)),
            .timestamptzArray(events.map(\.timestamp.microsecondsSinceEpoch)), events.traces,
        ]
    }

    private func execute(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue]
    ) async throws -> PostgresResult {
        do {
            return try await pool.execute(statement, parameters)
        } catch let error as PostgresError {
            // Class 22, data exceptions: these values will be refused for ever.
            if error.sqlState?.hasPrefix("22") == true {
                throw RejectedEvents(reason: error.description)
            }
            throw error.asProblem
        }
    }
}

extension PostgresCommand {
    /// Notes what is done, in the transaction that does it.
    static func marking(_ marks: [ConsumedMark]) -> PostgresCommand {
        PostgresCommand(
            PostgresStatement("consumed_mark", PackageResources.consumed_mark_sql),
            [
                .int2Array(marks.map(\.shard)), .textArray(marks.map(\.consumer)),
                .uuidArray(marks.map(\.id.uuid)),
            ]
        )
    }
}

extension EventID {
    /// As PostgreSQL's type.
    fileprivate var uuid: PostgresUUID { PostgresUUID(high: high, low: low) }
}
