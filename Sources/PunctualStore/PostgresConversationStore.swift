// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// Conversations, in PostgreSQL; the database's clock decides what has expired.
package struct PostgresConversationStore: ConversationStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool

    /// Creates a store over a pool, which must be running.
    package init(pool: PostgresPool) { self.pool = pool }

    package func conversation(_ key: ConversationKey) async throws -> Conversation? {
        try await execute(
            PostgresStatement("conversation_read", SQL.conversation_read_sql),
            key.parameters
        ).first.map { try Conversation(id: key.id, $0) }
    }

    package func put(
        _ key: ConversationKey,
        messages: String,
        metadata: String?,
        ttlSeconds: Int64,
        if condition: WriteCondition
    ) async throws -> Conversation? {
        let kept = try await execute(
            PostgresStatement("conversation_put", SQL.conversation_put_sql),
            key.parameters + [
                .text(messages), .text(metadata), .int8(ttlSeconds), .int8(condition.version),
                .bool(condition == .present || condition.version != nil),
                .bool(condition == .absent), .int8(Int64(Conversation.maximumCount)),
            ]
        ).first.map { try Conversation(id: key.id, $0) }
        if let kept { return kept }
        // Nothing else stands in the way of one that is not there, and may be made.
        guard condition == .none || condition == .absent, try await conversation(key) == nil else {
            return nil
        }
        throw Problem.tooManyConversations
    }

    package func delete(_ key: ConversationKey, if condition: WriteCondition) async throws -> Bool {
        guard condition != .absent else { return false }
        return try await execute(
            PostgresStatement("conversation_delete", SQL.conversation_delete_sql),
            key.parameters + [.int8(condition.version)]
        ).first != nil
    }

    private func execute(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue]
    ) async throws -> PostgresResult {
        do {
            return try await pool.execute(statement, parameters)
        } catch let error as PostgresError { throw error.asProblem }
    }
}

extension ConversationKey {
    fileprivate var parameters: [PostgresValue] { [.int2(shard), .text(userID), .text(id)] }
}

extension WriteCondition {
    fileprivate var version: Int64? {
        if case .version(let version) = self { version } else { nil }
    }
}

extension Conversation {
    fileprivate init(id: String, _ row: PostgresRow) throws {
        self.init(
            id: id,
            messages: try row.text(0),
            metadata: try row.textOrNil(1),
            createdAt: WallInstant(microsecondsSinceEpoch: try row.timestamptz(2)),
            updatedAt: WallInstant(microsecondsSinceEpoch: try row.timestamptz(3)),
            expiresAt: WallInstant(microsecondsSinceEpoch: try row.timestamptz(4)),
            version: try row.int8(5)
        )
    }
}
