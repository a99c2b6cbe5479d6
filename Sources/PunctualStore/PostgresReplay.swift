// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// Reads the past for a replay, and is itself the `local` way of sending it.
package struct PostgresReplay: ReplaySource, Transport {
    private typealias SQL = PackageResources

    private let pool: PostgresPool
    private let shards: ShardMap

    /// Creates it over a pool, which must be running.
    package init(pool: PostgresPool, shards: ShardMap) { (self.pool, self.shards) = (pool, shards) }

    package func counts(
        _ selection: ReplaySelection
    ) async throws -> [(type: EventType, count: Int)] {
        try await pool.execute(
            PostgresStatement(sql: String(decoding: SQL.replay_count_sql, as: UTF8.self)),
            parameters(selection)
        ).map { (try Self.type(try $0.text(0)), Int(try $0.int8(1))) }
    }

    package func events(
        _ selection: ReplaySelection,
        after cursor: EventCursor?,
        limit: Int
    ) async throws -> [ReleasedEvent] {
        // Not prepared: each range is planned for itself.
        try await pool.execute(
            PostgresStatement(sql: String(decoding: SQL.replay_page_sql, as: UTF8.self)),
            parameters(selection) + [
                .timestamptz(cursor?.timestamp.microsecondsSinceEpoch),
                .uuid(cursor.map { PostgresUUID(high: $0.id.high, low: $0.id.low) }),
                .int8(Int64(limit)),
            ]
        ).map { row in
            let id = try row.uuid(1)
            return ReleasedEvent(
                key: OutboxKey(
                    shard: try row.int2(0),
                    sourceID: 0,
                    nominal: CivilDateTime(secondsSinceEpoch: 0)
                ),
                id: EventID(high: id.high, low: id.low),
                type: try Self.type(try row.text(2)),
                taskID: try row.int8OrNil(3),
                userID: try row.text(4),
                timestamp: try row.instant(5),
                json: try row.jsonText(6),
                traceparent: try row.textOrNil(7),
                isReplayed: true
            )
        }
    }

    /// Makes events new again in `event_log`, for the processes that follow it.
    package func publish(_ batch: [ReleasedEvent]) async throws {
        _ = try await pool.executeTogether([
            PostgresCommand(
                PostgresStatement("replay_touch", SQL.replay_touch_sql),
                [
                    .int2Array(batch.map(\.key.shard)),
                    .uuidArray(batch.map { PostgresUUID(high: $0.id.high, low: $0.id.low) }),
                ]
            ),
            PostgresCommand(PostgresStatement("announce", SQL.announce_sql)),
        ])
    }

    private func parameters(_ selection: ReplaySelection) -> [PostgresValue] {
        [
            .timestamptz(selection.from.microsecondsSinceEpoch),
            .timestamptz(selection.to.microsecondsSinceEpoch),
            .text(selection.topic?.rawValue),
            .int2(selection.userID.map { shards.shard(of: $0) }),
            .text(selection.userID),
        ]
    }

    private static func type(_ text: String) throws -> EventType {
        guard let type = EventType(rawValue: text) else {
            throw StoreError(.corruptRow, "event_log holds an event of the unknown type \(text)")
        }
        return type
    }
}
