// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

/// The built server as its clients see it, over a real database.
///
/// One test runs after another: each of them wants to see what the server does with the time that
/// it gets, rather than with what the others leave.
@Suite(.serialized, .timeLimit(.minutes(2))) enum EndToEndTests {}

/// Checks that each of these reminders was recorded once and received, and never before its due.
func expectEachOnce(
    _ created: [CreatedTask],
    _ follower: Follower,
    _ database: TestDatabase
) async throws {
    let due = Dictionary(
        uniqueKeysWithValues: created.flatMap(\.reminders).map { ($0.id, $0.at) }
    )
    let ids = Set(due.keys)
    try await eventually(
        "all \(ids.count) reminders are received and recorded",
        within: .seconds(40)
    ) {
        guard follower.reminders.isSuperset(of: ids) else { return false }
        return try await database.recordedReminders() >= ids.count
    }
    let recorded = try await database.texts(
        "SELECT payload->>'reminder_id' FROM event_log WHERE topic = 'reminders'"
    )
    #expect(recorded.count == ids.count, "each is recorded once")
    #expect(Set(recorded.compactMap { Int64($0) }) == ids)
    let early = try await database.number(
        """
        SELECT count(*) FROM event_log
        WHERE topic = 'reminders' AND "timestamp" < (payload->>'remind_at')::timestamptz
        """
    )
    #expect(early == 0, "none is recorded early")

    let events = follower.events
    #expect(events.allSatisfy { $0.remindAt == $0.reminderId.flatMap { due[$0] } })
    #expect(events.allSatisfy { ($0.remindAt ?? .now) <= min($0.timestamp, $0.received) })
    let names = Dictionary(grouping: events) { $0.reminderId }
    #expect(names.values.allSatisfy { Set($0.map(\.eventId)).count == 1 }, "repeats keep their id")
    let logged = try await database.texts(
        "SELECT event_id::text FROM event_log WHERE topic = 'reminders'"
    )
    #expect(Set(logged) == Set(events.map(\.eventId)))
}
