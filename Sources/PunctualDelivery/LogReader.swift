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
package final class LogReader: Service {
    /// The most events read by one statement.
    static let pageSize = 500

    private let source: any EventLogSource
    private let reader: String?
    private let timer: any DelayedRunner
    private let pollInterval: Duration
    private let logger: Logger
    private let handle: @Sendable ([ReleasedEvent]) async throws -> Void
    private let changed = Signal()
    private let isStopping = Atomic<Bool>(false)

    /// Creates a reader; it reads nothing until it is run.
    ///
    /// `reader` is the name under which its position is kept; without one it starts at the present.
    /// `handle` takes events of all users; if it throws, it is given them again.
    package init(
        source: any EventLogSource,
        reader: String? = nil,
        timer: any DelayedRunner,
        pollInterval: Duration = .seconds(1),
        logger: Logger,
        handle: @escaping @Sendable ([ReleasedEvent]) async throws -> Void
    ) {
        (self.source, self.reader, self.timer) = (source, reader, timer)
        (self.pollInterval, self.logger, self.handle) = (pollInterval, logger, handle)
    }

    /// Says that there may be something new: what a notification of the database calls.
    package func wake() { changed.signal() }

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
        var position: LogPosition?
        var failures = 0
        while isRunning {
            var pause = pollInterval
            do {
                position = try await readAll(from: position)
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
            }
            await changed.wait(atMost: pause, on: timer)
        }
    }

    /// Hands on what is new; after a failure it starts again at `position`.
    private func readAll(from position: LogPosition?) async throws -> LogPosition {
        var position =
            if let position { position } else { try await source.position(of: reader) }
        var hasRead = false
        while isRunning {
            let page = try await source.events(after: position, limit: Self.pageSize)
            if !page.events.isEmpty {
                try await handle(page.events)
                hasRead = true
            }
            position = page.position
            guard page.isLast else { continue }
            if let reader, hasRead { try await source.save(position, of: reader) }
            break
        }
        return position
    }
}
