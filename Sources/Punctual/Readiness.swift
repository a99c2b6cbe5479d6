// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualDapr
internal import PunctualEngine
internal import PunctualHTTP
internal import PunctualKafka
internal import PunctualLoop

/// Whether this process can do its duties.
struct Readiness: Sendable {
    /// The engine turns its loop at least once a second; this many nanoseconds mean that it hangs.
    private static let longestTurn: UInt64 = 5_000_000_000

    let database: DatabaseProbe
    let loop: LoopExecutor
    let engine: ReminderEngine?
    /// The transport of this process, if it is Kafka.
    var kafka: KafkaProducer?
    /// The sidecar, if anything is asked of it.
    var sidecar: DaprSidecar?

    /// Looks at all that matters to the roles of this process.
    func report() async -> ReadinessReport {
        var checks = [
            ReadinessReport.Check("database", problem: await database.problem()), turning(),
        ]
        if let engine {
            checks.append(.init("engine", problem: engine.status.unreadyReason))
        }
        if let kafka {
            // Events wait in the outbox meanwhile; another process could do no better.
            checks.append(.init("kafka", problem: kafka.status.problem, isRequired: false))
        }
        if let sidecar {
            checks.append(.init("dapr", problem: sidecar.problem, isRequired: false))
        }
        return ReadinessReport(checks: checks)
    }

    private func turning() -> ReadinessReport.Check {
        let silence = Clocks.monotonicNanoseconds() &- loop.lastTurnNanoseconds
        // A last turn that is later than now was completed since the clock was read.
        let hangs = silence > Self.longestTurn && silence < UInt64.max / 2
        return .init("loop", problem: hangs ? "the loop has not turned for 5 s" : nil)
    }
}
