// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// `event_log` as the processes follow it that did not release its events.
package struct PostgresEventLog: EventLogSource {
    private typealias SQL = PackageResources

    /// Years 1 to 9999: what can be written as a time (RFC 3339 §5.6).
    private static let readableInstants =
        WallInstant(
            secondsSinceEpoch: -62_135_596_800
        )..<WallInstant(
            secondsSinceEpoch: 253_402_300_800
        )

    private let pool: PostgresPool

    private let types: Set<EventType>?

    /// Creates a source over a pool, which must be running, of events of these types, or of all.
    package init(pool: PostgresPool, types: Set<EventType>? = nil) {
        (self.pool, self.types) = (pool, types)
    }

    package func position(of reader: String?) async throws -> LogPosition {
        let result = try await pool.execute(
            PostgresStatement("log_position", SQL.log_position_sql),
            [.text(reader)]
        )
        guard let row = result.first else {
            throw StoreError(.corruptRow, "the position in event_log could not be read")
        }
        return LogPosition(snapshot: try row.text(0))
    }

    package func events(after position: LogPosition, limit: Int) async throws -> LogPage {
        let last = position.row
        let result = try await pool.execute(
            PostgresStatement("log_new_events", SQL.log_new_events_sql),
            [
                .text(position.snapshot),
                .text(position.horizon),
                .int8(last?.logged),
                .int2(last?.shard),
                .uuid(last.map { PostgresUUID(high: $0.eventID.high, low: $0.eventID.low) }),
                .int8(Int64(limit)),
                .textArray(types?.map(\.rawValue)),
            ]
        )
        var events: [ReleasedEvent] = []
        var unreadable: [UnreadableEvent] = []
        var horizon = position.snapshot
        var lastRow: LogPosition.Row?
        for row in result {
            horizon = try row.text(0)
            guard let logged = try row.int8OrNil(1) else { break }
            let (shard, uuid) = (try row.int2(2), try row.uuid(3))
            let id = EventID(high: uuid.high, low: uuid.low)
            lastRow = LogPosition.Row(logged: logged, shard: shard, eventID: id)
            // One row that nobody can read must not hold up those behind it.
            do { events.append(try Self.event(row, shard: shard, id: id)) } catch {
                unreadable.append(UnreadableEvent(id, reason: "\(error)"))
            }
        }
        let isLast = events.count + unreadable.count < limit
        return LogPage(
            events: events,
            unreadable: unreadable,
            position: isLast
                ? LogPosition(snapshot: horizon)
                : LogPosition(snapshot: position.snapshot, horizon: horizon, row: lastRow),
            isLast: isLast
        )
    }

    package func save(_ position: LogPosition, of reader: String) async throws {
        _ = try await pool.execute(
            PostgresStatement("log_save_position", SQL.log_save_position_sql),
            [.text(reader), .text(position.snapshot)]
        )
    }

    private static func event(
        _ row: PostgresRow,
        shard: Int16,
        id: EventID
    ) throws -> ReleasedEvent {
        let type = try row.text(4)
        guard let type = EventType(rawValue: type) else {
            throw StoreError(.corruptRow, "event_log holds an event of the unknown type \(type)")
        }
        let timestamp = try row.instant(7)
        guard readableInstants.contains(timestamp) else {
            throw StoreError(.corruptRow, "event_log holds an event whose timestamp is no date")
        }
        return ReleasedEvent(
            // The log does not keep which outbox row an event came from: nobody asks any more.
            key: OutboxKey(
                shard: shard,
                sourceID: 0,
                nominal: CivilDateTime(secondsSinceEpoch: 0)
            ),
            id: id,
            type: type,
            taskID: try row.int8OrNil(5),
            userID: try row.text(6),
            timestamp: timestamp,
            json: try row.jsonText(8),
            traceparent: try row.textOrNil(10),
            isReplayed: try row.boolOrNil(9) ?? false
        )
    }
}
