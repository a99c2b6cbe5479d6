// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PunctualCore
internal import ServiceLifecycle
internal import Synchronization

/// Follows `event_log`, for a process whose events are released by another one.
///
/// It reads when it is woken by a notification, and once a second because those may be lost. A
/// durable reader saves its position after each range that it has handed on whole, so that a crash
/// repeats events and misses none.
///
/// While its process is alone, nothing comes from another one, and it leaves the database in
/// peace. A durable reader then reads what its own process has written when it is woken; one in
/// memory only keeps a place at which to begin that is older than anything it may miss.
package final class LogReader: Service {
    /// The most events read by one statement.
    static let pageSize = 500
    /// How often it looks all the same while its process is alone.
    static let aloneInterval = Duration.seconds(20)

    private struct Place {
        /// Everything before has been handed on.
        var position: LogPosition?
        /// The present when it was last noted, alone and in memory.
        var present: LogPosition?
        var lookedAt: ContinuousClock.Instant?
        var savedAt: ContinuousClock.Instant?
    }

    private let source: any EventLogSource
    private let reader: String?
    private let timer: any DelayedRunner
    private let pollInterval: Duration
    private let isAlone: @Sendable () -> Bool
    private let logger: Logger
    private let handle: @Sendable ([ReleasedEvent]) async throws -> Void
    private let changed = Signal()
    private let isWoken = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)

    /// Creates a reader; it reads nothing until it is run.
    ///
    /// `reader` is the name under which its position is kept; without one it starts at the present.
    /// `isAlone` says whether no other process releases anything, at any time from any thread.
    /// `handle` takes events of all users; if it throws, it is given them again, unless it is a
    /// ``PoisonEvent``, which is left out.
    package init(
        source: any EventLogSource,
        reader: String? = nil,
        timer: any DelayedRunner,
        pollInterval: Duration = .seconds(1),
        isAlone: @escaping @Sendable () -> Bool = { false },
        logger: Logger,
        handle: @escaping @Sendable ([ReleasedEvent]) async throws -> Void
    ) {
        (self.source, self.reader, self.timer) = (source, reader, timer)
        (self.pollInterval, self.isAlone) = (pollInterval, isAlone)
        (self.logger, self.handle) = (logger, handle)
    }

    /// Says that there may be something new: what a notification of the database calls.
    package func wake() {
        isWoken.store(true, ordering: .releasing)
        changed.signal()
    }

    /// Reads until a graceful stop or a cancellation.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await follow()
        } onGracefulShutdown: {
            self.isStopping.store(true, ordering: .releasing)
            self.wake()
        }
    }

    private var isRunning: Bool {
        !Task.isCancelled && !isStopping.load(ordering: .acquiring)
    }

    private func follow() async {
        var place = Place()
        var failures = 0
        while isRunning {
            var pause = pollInterval
            do {
                try await look(from: &place)
                failures = 0
            } catch {
                failures += 1
                logger.log(
                    level: failures == 1 ? .error : .debug,
                    "reading event_log failed; trying again",
                    metadata: [
                        LogKeys.reader: "\(reader ?? "ephemeral")", LogKeys.error: "\(error)",
                    ]
                )
                pause = RetryPolicy.outage.delay(afterAttempt: failures)
                place.lookedAt = nil
            }
            await changed.wait(atMost: pause, on: timer)
        }
    }

    /// Reads what is new, unless nothing can be.
    private func look(from place: inout Place) async throws {
        let isWoken = isWoken.exchange(false, ordering: .acquiring)
        let rests = isAlone() && !isWoken
        let now = ContinuousClock.now
        if rests, let last = place.lookedAt, now - last < Self.aloneInterval { return }
        place.lookedAt = now
        if rests, reader == nil {
            let present = try await source.position(of: nil)
            place.position = place.present ?? place.position ?? present
            place.present = present
        } else {
            place.present = nil
            try await readAll(from: &place, now: now)
        }
    }

    /// Hands on what is new; after a failure it starts again where it was.
    private func readAll(from place: inout Place, now: ContinuousClock.Instant) async throws {
        let isFirst = place.position == nil
        var position =
            if let position = place.position { position } else {
                try await source.position(of: reader)
            }
        // Otherwise a crash before the first event was handled would begin at a later present.
        if isFirst, let reader { try await source.save(position, of: reader) }
        var hasRead = false
        while isRunning {
            let page = try await source.events(after: position, limit: Self.pageSize)
            for row in page.unreadable { setAside(row.id, row.reason) }
            try await handOn(page.events)
            hasRead = hasRead || !page.events.isEmpty || !page.unreadable.isEmpty
            position = page.position
            guard page.isLast else { continue }
            let isOld = now - (place.savedAt ?? now) >= Self.aloneInterval
            if let reader, hasRead || isOld || place.savedAt == nil {
                try await source.save(position, of: reader)
                place.savedAt = now
            }
            break
        }
        place.position = position
    }

    /// Hands on events, without those that can never be handled.
    private func handOn(_ events: [ReleasedEvent]) async throws {
        var rest = events[...]
        while !rest.isEmpty {
            do {
                return try await handle(Array(rest))
            } catch let poison as PoisonEvent {
                guard let culprit = rest.firstIndex(where: { $0.id == poison.id }) else {
                    throw poison
                }
                setAside(poison.id, poison.reason)
                rest = rest[(culprit + 1)...]
            }
        }
    }

    /// Leaves out what would hold up all that is behind it; it stays in `event_log`.
    private func setAside(_ id: EventID, _ reason: String) {
        logger.error(
            "an event of event_log can never be handled; it is left out",
            metadata: [
                LogKeys.reader: "\(reader ?? "ephemeral")", LogKeys.eventID: "\(id)",
                LogKeys.error: "\(reason)",
            ]
        )
    }
}
