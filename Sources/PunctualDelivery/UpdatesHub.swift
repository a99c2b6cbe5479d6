// SPDX-License-Identifier: Apache-2.0

internal import Metrics
package import PunctualCore
internal import PunctualTime
internal import ServiceLifecycle
internal import Synchronization

/// Hands released events to the clients in this process that follow their user's events.
///
/// Publishing runs on the releasing thread: under one lock it appends to the buffers of the user's
/// clients, and then resumes each waiting client once.
///
/// A client that resumes is first joined to the live events, and then reads in this order:
///
/// ```
/// event_log, from 15 s before the cursor ─► released, not acknowledged ─► live
/// ```
///
/// Joining and taking the unacknowledged are one step under the lock, before the log is read. So an
/// event was either released after it (live), or not acknowledged at that moment (second), or
/// acknowledged before it, hence in the log when that is read (first). The overlap is for events
/// that other processes released earlier and logged later than the one at the cursor.
package final class UpdatesHub: UpdateSource, Service {
    /// What a hub takes on.
    package struct Limits: Sendable {
        /// The most streams of one user.
        package var streamsPerUser = 64
        /// The most streams of all users.
        package var streams = 20_000
        /// The most events that wait for one slow client; beyond it its stream ends.
        package var bufferedEvents = 65_536
        /// The most bytes that wait for one slow client.
        package var bufferedBytes = 32 << 20
        /// How far before its cursor a resumed stream starts.
        package var overlap = Duration.seconds(15)

        /// Creates the default limits.
        package init() {}
    }

    fileprivate struct State {
        var buffers: [String: [UpdateBuffer]] = [:]
        var count = 0
        var isFinished = false
        /// Released here and perhaps not in `event_log` yet, by shard.
        var unacknowledged: [Int16: [EventID: ReleasedEvent]] = [:]
        /// Released here and logged not long ago, so that their return from the log is recognised.
        var logged = RecentEvents(capacity: 32_768)
    }

    private let state = Mutex(State())
    private let eventStore: any EventStore
    private let shards: ShardMap
    private let retention: Duration
    private let clock: WallClock
    private let limits: Limits
    private let streamsGauge = Gauge(label: "punctual_update_streams")

    /// Creates a hub without clients.
    ///
    /// `retention` is how long `event_log` keeps events; an older cursor is reset.
    package init(
        eventStore: any EventStore,
        shards: ShardMap,
        retention: Duration,
        clock: @escaping WallClock,
        limits: Limits = Limits()
    ) {
        (self.eventStore, self.shards, self.retention) = (eventStore, shards, retention)
        (self.clock, self.limits) = (clock, limits)
    }

    // MARK: - Publishing

    /// Hands over events released by this process, and keeps them until they are acknowledged.
    package func publish(_ batch: [ReleasedEvent]) {
        let waiting = state.withLock { state in
            for event in batch {
                state.unacknowledged[event.key.shard, default: [:]][event.id] = event
            }
            return state.append(batch)
        }
        for buffer in waiting { buffer.flush() }
    }

    /// Forgets events that can be read from `event_log` now.
    package func acknowledged(_ batch: [ReleasedEvent]) {
        state.withLock { state in
            for event in batch {
                state.unacknowledged[event.key.shard]?[event.id] = nil
                state.logged.insert(event.id)
            }
        }
    }

    /// Hands over events read from `event_log`, except those that this process released and nobody
    /// has asked for again.
    package func publishLogged(_ batch: [ReleasedEvent]) {
        let waiting = state.withLock { state in
            state.append(batch.filter { $0.isReplayed || !state.wasReleasedHere($0) })
        }
        for buffer in waiting { buffer.flush() }
    }

    // MARK: - Following

    package func updates(
        for user: User,
        topics: Set<Topic>,
        after cursor: EventCursor?
    ) async throws -> any UpdateStream {
        let buffer = UpdateBuffer(
            topics: topics,
            limit: .init(events: limits.bufferedEvents, bytes: limits.bufferedBytes)
        )
        let unacknowledged = try join(buffer, userID: user.id, isResuming: cursor != nil)
        return FollowedUpdates(
            buffer: buffer,
            replay: cursor.map { cursor in
                UpdateReplay(
                    eventStore: eventStore,
                    shard: shards.shard(of: user.id),
                    userID: user.id,
                    cursor: cursor,
                    unacknowledged: unacknowledged,
                    now: clock(),
                    retention: retention,
                    overlap: limits.overlap
                )
            },
            onEnd: { [weak self] in self?.leave(buffer, userID: user.id) }
        )
    }

    private func join(
        _ buffer: UpdateBuffer,
        userID: String,
        isResuming: Bool
    ) throws -> [ReleasedEvent] {
        let shard = shards.shard(of: userID)
        return try state.withLock { state in
            guard !state.isFinished else { throw Problem(.unavailable, "the server is stopping") }
            guard state.count < limits.streams,
                state.buffers[userID, default: []].count < limits.streamsPerUser
            else { throw Problem(.unavailable, "too many streams are open; close one") }
            state.buffers[userID, default: []].append(buffer)
            state.count += 1
            streamsGauge.record(state.count)
            guard isResuming, let events = state.unacknowledged[shard] else { return [] }
            return events.values.filter { $0.userID == userID && buffer.takes($0.type) }
        }
    }

    private func leave(_ buffer: UpdateBuffer, userID: String) {
        state.withLock { state in
            guard let index = state.buffers[userID]?.firstIndex(where: { $0 === buffer })
            else { return }
            state.buffers[userID]?.remove(at: index)
            if state.buffers[userID]?.isEmpty == true { state.buffers[userID] = nil }
            state.count -= 1
            streamsGauge.record(state.count)
        }
    }

    // MARK: - The service

    /// Ends all streams at a graceful stop, so that those who send them can stop too.
    package func run() async throws {
        // It throws when it is cancelled, which is a stop as well.
        try? await gracefulShutdown()
        finish()
    }

    /// Ends all streams, and lets no new one begin.
    package func finish() {
        let buffers = state.withLock { state in
            state.isFinished = true
            return state.buffers.values.flatMap { $0 }
        }
        for buffer in buffers { buffer.end() }
    }
}

extension UpdatesHub.State {
    /// Appends events to the buffers of their users' clients.
    ///
    /// - Returns: the buffers to be flushed.
    fileprivate func append(_ batch: [ReleasedEvent]) -> [UpdateBuffer] {
        var waiting: [UpdateBuffer] = []
        guard !buffers.isEmpty else { return waiting }
        for event in batch {
            guard let followers = buffers[event.userID] else { continue }
            for buffer in followers where buffer.append(event) && waiting.last !== buffer {
                waiting.append(buffer)
            }
        }
        return waiting
    }

    fileprivate func wasReleasedHere(_ event: ReleasedEvent) -> Bool {
        logged.contains(event.id) || unacknowledged[event.key.shard]?[event.id] != nil
    }
}
