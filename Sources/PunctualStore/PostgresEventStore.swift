// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
package import PunctualTime

/// An external channel that is delivered to for every fired reminder.
package struct DeliveryChannel: Sendable, Hashable {
    /// The kind of channel, such as `webhook`.
    package var channel: String
    /// Where it leads, such as a URL; nil for a person's own, such as an address or a browser.
    package var target: String?

    /// Creates a channel from its parts.
    package init(channel: String, target: String?) {
        (self.channel, self.target) = (channel, target)
    }
}

extension [ReleasedEvent] {
    /// Their traces; an empty array when none has one, which SQL reads as a null for each.
    var traces: PostgresValue {
        .textArrayOptional(contains { $0.traceparent != nil } ? map(\.traceparent) : [])
    }
}

/// The log of released events, in PostgreSQL.
package struct PostgresEventStore: EventStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool
    private let channels: [DeliveryChannel]
    private let isAudited: Bool

    /// Creates a store over a pool, which must be running; `channels` get every fired reminder.
    ///
    /// `isAudited` says that consumers of the transport record what is published and make the
    /// deliveries, so that an acknowledgement only empties `outbox`.
    package init(pool: PostgresPool, channels: [DeliveryChannel] = [], isAudited: Bool = false) {
        (self.pool, self.channels, self.isAudited) = (pool, channels, isAudited)
    }

    package func acknowledge(_ events: [ReleasedEvent]) async throws {
        guard isAudited else {
            let command = logging(events)
            _ = try await pool.execute(command.statement, command.parameters)
            return
        }
        // What the engine decided is never published; nobody else would record it.
        let unpublished = events.filter { $0.type.topic == .engine }
        let published = events.filter { $0.type.topic != .engine }
        var commands: [PostgresCommand] = []
        if !unpublished.isEmpty { commands.append(logging(unpublished)) }
        if !published.isEmpty { commands.append(settling(published)) }
        _ = try await pool.executeTogether(commands)
    }

    private func settling(_ events: [ReleasedEvent]) -> PostgresCommand {
        PostgresCommand(
            PostgresStatement("settle", SQL.settle_sql),
            [
                .int2Array(events.map(\.key.shard)), .int8Array(events.map(\.epoch)),
                .int8Array(events.map(\.key.sourceID)),
                .timestampArray(events.map { $0.key.nominal.secondsSinceEpoch * 1_000_000 }),
            ]
        )
    }

    private func logging(_ events: [ReleasedEvent]) -> PostgresCommand {
        PostgresCommand(
            PostgresStatement("acknowledge", SQL.acknowledge_sql),
            [
                .int2Array(events.map(\.key.shard)), .int8Array(events.map(\.epoch)),
                .int8Array(events.map(\.key.sourceID)),
                .timestampArray(events.map { $0.key.nominal.secondsSinceEpoch * 1_000_000 }),
                .uuidArray(events.map { PostgresUUID(high: $0.id.high, low: $0.id.low) }),
                .textArray(events.map(\.type.rawValue)),
                .textArray(events.map(\.type.topic.rawValue)),
                .int8ArrayOptional(events.map(\.taskID)), .textArray(events.map(\.userID)),
                .jsonbArray(events.map(\.json)),
                .timestamptzArray(events.map(\.timestamp.microsecondsSinceEpoch)),
                .textArray(channels.map(\.channel)), .textArrayOptional(channels.map(\.target)),
                events.traces,
            ]
        )
    }

    package func announce() async throws {
        _ = try await pool.execute(PostgresStatement("announce", SQL.announce_sql))
    }

    package func events(
        shard: Int16,
        userID: String,
        after instant: WallInstant,
        skipping cursor: EventCursor?,
        limit: Int
    ) async throws -> [ReleasedEvent] {
        try await pool.execute(
            PostgresStatement("events_of_user", SQL.events_of_user_sql),
            [
                .int2(shard), .text(userID), .timestamptz(instant.microsecondsSinceEpoch),
                .timestamptz(cursor?.timestamp.microsecondsSinceEpoch),
                .uuid(cursor.map { PostgresUUID(high: $0.id.high, low: $0.id.low) }),
                .int8(Int64(limit)), .textArray(EventType.allCases.map(\.rawValue)),
            ]
        ).compactMap { row in
            let id = try row.uuid(1)
            guard let type = EventType(rawValue: try row.text(2)) else { return nil }
            return ReleasedEvent(
                key: OutboxKey(
                    shard: try row.int2(0),
                    sourceID: 0,
                    nominal: CivilDateTime(secondsSinceEpoch: 0)
                ),
                id: EventID(high: id.high, low: id.low),
                type: type,
                taskID: try row.int8OrNil(3),
                userID: try row.text(4),
                timestamp: try row.instant(5),
                json: try row.jsonText(6),
                traceparent: try row.textOrNil(7)
            )
        }
    }

    /// Makes partitions ahead, drops those past the retention, and forgets old answers.
    package func maintain(retention: Duration) async throws {
        _ = try await pool.execute(
            PostgresStatement("maintain", SQL.maintain_sql),
            [.int8(retention.components.seconds)]
        )
    }
}
