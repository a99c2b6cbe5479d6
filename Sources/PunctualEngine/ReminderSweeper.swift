// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PunctualCore
package import PunctualLoop

/// Runs an engine for as long as something is overdue, one at a time in this process.
///
/// The engine of a sweep is like any other: it owns by lease, is fenced by epoch, and obeys the
/// rate of catching up. It differs in that it stages nothing ahead, and that it ends.
package actor ReminderSweeper: OverdueSweep {
    /// The longest that a sweep goes on; what is left is for the next one.
    package static let timeLimit = Duration.seconds(60)

    private let makeEngine: @Sendable () -> ReminderEngine
    private var running: Task<SweepReport, any Error>?

    /// Creates a sweeper over the parts of an engine.
    ///
    /// The store is one of its own, whose number tells its leases from the engine's.
    package init(
        store: any ReminderStore,
        releaser: any EventReleaser,
        keeper: any SeriesKeeper,
        loop: LoopExecutor,
        shardCount: Int,
        configuration: EngineConfiguration,
        logger: Logger
    ) {
        var configuration = configuration
        (configuration.fixedLead, configuration.herdLead) = (.zero, .zero)
        makeEngine = { [configuration] in
            ReminderEngine(
                store: store,
                releaser: releaser,
                keeper: keeper,
                loop: loop,
                shardCount: shardCount,
                configuration: configuration,
                logger: logger
            )
        }
    }

    package func sweep() async throws -> SweepReport {
        if let running {
            // Whoever comes meanwhile waits for its end, and has done nothing himself.
            var report = SweepReport()
            report.isComplete = try await running.value.isComplete
            return report
        }
        let engine = makeEngine()
        let task = Task { try await engine.sweep(atMost: Self.timeLimit) }
        running = task
        defer { running = nil }
        return try await task.value
    }
}
