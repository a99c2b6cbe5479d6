// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import Metrics
package import PunctualCore
internal import PunctualTime
internal import ServiceLifecycle
internal import Synchronization

/// Takes released events to the transport, and their outbox rows to `event_log`.
///
/// ```
/// release ──► transport ──► lane of the shard ──► acknowledge, up to 1,000 a statement
/// ```
///
/// There are two lanes, for even and for odd shards. Each has at most one publication and one
/// statement in flight, neither of which waits for the other, and the next takes whatever has
/// gathered meanwhile: one event when it is quiet, many when it is not. What is published never
/// waits; statements begin 5 ms apart at least, because each costs a commit. All events of a user
/// travel in one lane, so they are logged in the order of their release, and no two statements in
/// flight touch the same row.
///
/// What was released cannot be taken back, so nothing is dropped: a publish or an acknowledgement
/// that fails is repeated until it succeeds. Memory is bounded by the engine, which stages no more
/// while ``pending`` is high. What a stop leaves behind is in `outbox` and is released again,
/// under the same ids.
package final class OutboxRelay: ChangeRelay, EventReleaser, Service {
    /// The most events acknowledged by one statement.
    static let maximumBatch = 1_000
    /// The least time between two announcements to other processes.
    static let announcementInterval = Duration.milliseconds(10)

    private struct Lane: Sendable {
        /// What waits to be published; nothing does where the transport is immediate.
        let released = Line()
        /// What waits to be acknowledged.
        let published = Line()
    }
    private final class Line: Sendable {
        let queue = Mutex(ReleaseQueue())
        let signal = Signal()
        /// Whether nothing more will come.
        let isEnding = Atomic<Bool>(false)

        func end() {
            isEnding.store(true, ordering: .releasing)
            signal.signal()
        }
    }

    private let transport: any Transport
    private let immediate: (any ImmediateTransport)?
    private let eventStore: any EventStore
    private let clock: WallClock
    private let timer: any DelayedRunner
    private let acknowledgementInterval: Duration
    private let drainTimeout: Duration
    private let ownListeners: Int
    private let onAcknowledged: @Sendable ([ReleasedEvent]) -> Void
    private let logger: Logger

    private let lanes = [Lane(), Lane()]
    private let pendingEvents = Atomic<Int>(0)
    private let listeners = Atomic<Int>(0)
    private let announcement = Signal()
    private let drainLimit = Signal()
    private let pendingGauge = Gauge(label: "punctual_outbox_pending")
    private let acknowledgeTimer = Metrics.Timer(label: "punctual_acknowledge_seconds")

    /// Creates a relay; it acknowledges nothing until it is run.
    ///
    /// The acknowledgements of a lane begin at least `acknowledgementInterval` apart, but for full ones.
    /// A graceful stop takes at most `drainTimeout` to acknowledge what is pending. `onAcknowledged`
    /// is called after each acknowledgement, on any thread; it must not block. `ownListeners` of the
    /// listeners that are counted are this process's own.
    package init(
        transport: any Transport,
        eventStore: any EventStore,
        clock: @escaping WallClock,
        timer: any DelayedRunner,
        acknowledgementInterval: Duration = .milliseconds(5),
        drainTimeout: Duration = .seconds(10),
        ownListeners: Int = 0,
        logger: Logger,
        onAcknowledged: @escaping @Sendable ([ReleasedEvent]) -> Void = { _ in }
    ) {
        (self.transport, self.eventStore, self.clock) = (transport, eventStore, clock)
        (self.timer, self.drainTimeout, self.logger) = (timer, drainTimeout, logger)
        self.acknowledgementInterval = acknowledgementInterval
        (self.ownListeners, self.onAcknowledged) = (ownListeners, onAcknowledged)
        immediate = transport as? any ImmediateTransport
    }

    /// How many events are released and not yet acknowledged.
    package var pending: Int { pendingEvents.load(ordering: .relaxed) }

    /// How many processes are to be told of new rows in `event_log`, this one perhaps among them;
    /// none at first.
    package func setListeners(_ count: Int) {
        listeners.store(max(count - ownListeners, 0), ordering: .relaxed)
    }

    /// Whether another process listens for what is logged here.
    package var hasListeners: Bool { listeners.load(ordering: .relaxed) > 0 }

    /// Stamps and releases the events of a committed change.
    package func release(_ events: [StagedEvent]) {
        let now = clock()
        accept(events.map { $0.released(at: max(now, $0.due)) }, onAcknowledged: nil)
    }

    /// Releases events; a local transport has taken them when this returns.
    ///
    /// `onAcknowledged` is called with the keys of those that are acknowledged, perhaps in several
    /// parts, on any thread; it must not block.
    package func release(
        _ events: [ReleasedEvent],
        onAcknowledged: @escaping @Sendable ([OutboxKey]) -> Void
    ) {
        accept(events, onAcknowledged: onAcknowledged)
    }

    private func accept(_ events: [ReleasedEvent], onAcknowledged: ReleaseQueue.Callback?) {
        let published = Self.published(events)
        if !published.isEmpty { immediate?.publishNow(published) }
        pendingEvents.wrappingAdd(events.count, ordering: .relaxed)
        for (parity, lane) in lanes.enumerated() {
            let part = events.filter { Int($0.key.shard) & 1 == parity }
            guard !part.isEmpty else { continue }
            let line = firstLine(of: lane)
            line.queue.withLock { $0.append(part, onAcknowledged: onAcknowledged) }
            line.signal.signal()
        }
    }

    private func firstLine(of lane: Lane) -> Line {
        immediate == nil ? lane.released : lane.published
    }

    /// Records of what the engine decided are logged and never published.
    private static func published(_ events: [ReleasedEvent]) -> [ReleasedEvent] {
        guard events.contains(where: { $0.type.topic == .engine }) else { return events }
        return events.filter { $0.type.topic != .engine }
    }
}

// MARK: - The service

extension OutboxRelay {
    /// Acknowledges until a graceful stop, and then until nothing is pending or time is up.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.acknowledgeAll() }
                group.addTask { await self.announceChanges() }
                group.addTask { await self.drainLimit.wait() }
                // Either both lanes are drained or their time is up.
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            for lane in self.lanes { self.firstLine(of: lane).end() }
            self.timer.run(after: self.drainTimeout) { self.drainLimit.signal() }
        }
        guard pending > 0 else { return }
        logger.warning(
            "stopped with unacknowledged events; they will be released again",
            metadata: [LogKeys.count: "\(pending)"]
        )
    }

    private func acknowledgeAll() async {
        await withDiscardingTaskGroup { group in
            for lane in lanes {
                if immediate == nil { group.addTask { await self.publish(from: lane) } }
                group.addTask { await self.acknowledge(lane.published) }
            }
        }
    }

    private func publish(from lane: Lane) async {
        while let batch = await nextBatch(of: lane.released) {
            let published = Self.published(batch.events)
            guard await persist("publishing", { try await transport.publish(published) })
            else { return }
            lane.published.queue.withLock { $0.append(batch) }
            lane.published.signal.signal()
        }
        lane.published.end()
    }

    private func acknowledge(_ line: Line) async {
        while let batch = await nextBatch(of: line) {
            let start = ContinuousClock.now
            guard
                await persist(
                    "acknowledging",
                    { try await self.eventStore.acknowledge(batch.events) }
                )
            else { return }
            let duration = ContinuousClock.now - start
            acknowledgeTimer.record(duration: duration)
            finish(batch)
            guard batch.events.count < Self.maximumBatch else { continue }
            let rest = acknowledgementInterval - duration
            if rest > .zero { await timer.pause(for: rest) }
        }
    }

    private func nextBatch(of line: Line) async -> ReleaseQueue.Batch? {
        while !Task.isCancelled {
            // Asked before the queue: what comes before the end is in it.
            let isEnding = line.isEnding.load(ordering: .acquiring)
            let batch = line.queue.withLock { $0.takeBatch(limit: Self.maximumBatch) }
            if let batch { return batch }
            if isEnding { return nil }
            await line.signal.wait()
        }
        return nil
    }

    private func finish(_ batch: ReleaseQueue.Batch) {
        immediate?.acknowledged(batch.events)
        let left = pendingEvents.wrappingSubtract(batch.events.count, ordering: .relaxed).newValue
        pendingGauge.record(left)
        batch.reportAcknowledged()
        onAcknowledged(batch.events)
        if hasListeners { announcement.signal() }
    }

    /// Repeats `body` until it succeeds.
    ///
    /// - Returns: false if the task was cancelled before it did.
    private func persist(_ activity: String, _ body: () async throws -> Void) async -> Bool {
        var attempt = 0
        while !Task.isCancelled {
            do {
                try await body()
                if attempt > 0 {
                    logger.notice(
                        "delivery works again",
                        metadata: [LogKeys.activity: "\(activity)"]
                    )
                }
                return true
            } catch {
                attempt += 1
                logger.log(
                    level: attempt == 1 ? .error : .debug,
                    "delivery failed; trying again",
                    metadata: [LogKeys.activity: "\(activity)", LogKeys.error: "\(error)"]
                )
                await timer.pause(for: RetryPolicy.outage.delay(afterAttempt: attempt))
            }
        }
        return false
    }

    /// Tells other processes at once, and then at most once an interval.
    ///
    /// An announcement that fails is not repeated: readers look by themselves every second.
    private func announceChanges() async {
        while true {
            await announcement.wait()
            guard !Task.isCancelled else { return }
            do { try await eventStore.announce() } catch {
                logger.debug("announcement failed", metadata: [LogKeys.error: "\(error)"])
            }
            await timer.pause(for: Self.announcementInterval)
        }
    }
}
