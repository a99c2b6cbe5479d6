// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// Which fired reminders were read, and what could not be delivered, in PostgreSQL.
package struct PostgresNotificationStore: NotificationStore, DeadLetterStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool

    /// Creates a store over a pool, which must be running.
    package init(pool: PostgresPool) { self.pool = pool }

    private func execute(
        _ name: String,
        _ sql: [UInt8],
        _ parameters: [PostgresValue]
    ) async throws -> PostgresResult {
        do {
            return try await pool.execute(PostgresStatement(name, sql), parameters)
        } catch let error as PostgresError { throw error.asProblem }
    }

    package func notifications(
        shard: Int16,
        userID: String,
        unreadOnly: Bool,
        before cursor: EventCursor?,
        limit: Int
    ) async throws -> [UserNotification] {
        try await execute(
            "notifications_list",
            SQL.notifications_list_sql,
            [
                .int2(shard), .text(userID), .bool(unreadOnly),
                .timestamptz(cursor?.timestamp.microsecondsSinceEpoch),
                .uuid(cursor.map { PostgresUUID($0.id) }), .int8(Int64(limit)),
            ]
        ).map { row in
            UserNotification(
                id: EventID(try row.uuid(0)),
                taskID: try row.int8OrNil(1),
                firedAt: try row.instant(2),
                readAt: try row.timestamptzOrNil(3).map(WallInstant.init(microsecondsSinceEpoch:)),
                json: try row.jsonText(4)
            )
        }
    }

    package func unreadCount(shard: Int16, userID: String, limit: Int) async throws -> Int {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID), .int8(Int64(limit))]
        let result = try await execute(
            "notifications_unread",
            SQL.notifications_unread_sql,
            parameters
        )
        return Int(try result.first?.int8(0) ?? 0)
    }

    package func markRead(_ id: EventID, shard: Int16, userID: String) async throws -> Bool {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID), .uuid(PostgresUUID(id))]
        return try await execute("notification_read", SQL.notification_read_sql, parameters).first
            != nil
    }

    package func markAllRead(shard: Int16, userID: String) async throws {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID)]
        _ = try await execute("notifications_read_all", SQL.notifications_read_all_sql, parameters)
    }

    package func deadLetters(
        shard: Int16,
        userID: String,
        before cursor: Int64?,
        limit: Int
    ) async throws -> [DeadLetter] {
        try await execute(
            "dead_letters_list",
            SQL.dead_letters_list_sql,
            [.int2(shard), .text(userID), .int8(cursor), .int8(Int64(limit))]
        ).map { row in
            DeadLetter(
                id: try row.int8(0),
                eventID: EventID(try row.uuid(1)),
                channel: try row.text(2),
                target: try row.text(3),
                attempts: Int(try row.int4(4)),
                firstError: try row.textOrNil(5),
                lastError: try row.text(6),
                deadAt: try row.instant(8),
                json: try row.jsonText(7)
            )
        }
    }

    package func redrive(_ id: Int64, shard: Int16, userID: String) async throws -> Bool {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID), .int8(id)]
        return try await execute("dead_letter_redrive", SQL.dead_letter_redrive_sql, parameters)
            .first != nil
    }
}

extension PostgresUUID {
    /// The id of an event, as a column has it.
    init(_ id: EventID) { self.init(high: id.high, low: id.low) }
}

extension EventID {
    /// The id of an event, from a column.
    init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}
