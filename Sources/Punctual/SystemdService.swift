// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop
internal import ServiceLifecycle
internal import Synchronization

/// Keeps the service manager informed while the process serves.
///
/// The timer that feeds the watchdog is one of the loop's own, so that a loop that hangs feeds
/// nothing and is restarted.
final class SystemdService: Service {
    private static let statusInterval = Duration.seconds(5)

    private let notifier: SystemdNotifier
    private let timer: LoopTimer
    private let interval: Duration

    /// Creates the service; `status` is one line on what the process is doing, and is called on
    /// the loop's thread.
    init(
        notifier: SystemdNotifier,
        loop: LoopExecutor,
        status: @escaping @Sendable () -> String
    ) {
        let lastTurn = Mutex<UInt64>(loop.completedTurns)
        self.notifier = notifier
        interval =
            notifier.watchdogInterval.map { min($0 / 2, Self.statusInterval) }
            ?? Self.statusInterval
        timer = LoopTimer(loop: loop) { [weak loop] in
            guard let turn = loop?.completedTurns else { return }
            let hasTurned = lastTurn.withLock { last in
                defer { last = turn }
                return turn > last
            }
            if hasTurned { notifier.feedWatchdog() }
            notifier.status(status())
        }
    }

    func run() async throws {
        timer.start(after: interval, every: interval)
        // Only a cancellation throws here, and the answer to it is the same.
        try? await gracefulShutdown()
        timer.close()
        notifier.stopping()
    }
}
