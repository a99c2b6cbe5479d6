// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime

/// `event_log` in memory, which fails and waits as it is told.
final class FakeEventStore: EventStore {
    struct Outage: Error {}
    struct State: Sendable {
        var log: [ReleasedEvent] = []
        var batches: [[ReleasedEvent]] = []
        var calls = 0
        var failuresLeft = 0
        var isHeld = false
        var announcements = 0
        var reads = 0
    }
    let state = Watched(State())
    /// What happens while a read of the log is under way, after it has seen what it returns.
    let duringRead = Watched<(@Sendable () -> Void)?>(nil)

    func acknowledge(_ events: [ReleasedEvent]) async throws {
        state.change { $0.calls += 1 }
        await state.wait { !$0.isHeld }
        let fails = state.change { state in
            guard state.failuresLeft == 0 else {
                state.failuresLeft -= 1
                return true
            }
            state.batches.append(events)
            state.log += events
            return false
        }
        if fails { throw Outage() }
    }

    func announce() async throws { state.change { $0.announcements += 1 } }

    func events(
        shard: Int16,
        userID: String,
        after instant: WallInstant,
        skipping: EventCursor?,
        limit: Int
    ) async throws -> [ReleasedEvent] {
        let fails = state.change { state in
            state.reads += 1
            defer { state.failuresLeft = max(0, state.failuresLeft - 1) }
            return state.failuresLeft > 0
        }
        if fails { throw Outage() }
        let events = state.value.log
            .filter { event in
                event.key.shard == shard && event.userID == userID && event.timestamp >= instant
                    && (skipping.map { ($0.timestamp, $0.id) < (event.timestamp, event.id) } ?? true)
            }
            .sorted { ($0.timestamp, $0.id) < ($1.timestamp, $1.id) }
        duringRead.value?()
        return Array(events.prefix(limit))
    }
}
