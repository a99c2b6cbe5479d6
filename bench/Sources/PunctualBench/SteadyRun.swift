// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A steady stream of reminders that are received while it goes on.
struct SteadyRun {
    /// When the reminders are created.
    enum Creation {
        /// On schedule while others fire, each so many seconds before it is due.
        case ahead(seconds: Int, batch: Int, connections: Int)
        /// All of them before the first is due, as fast as they are taken.
        case before
    }
    /// What is taken for certain that a server creates a second when nothing fires.
    private static let loadedPerSecond = 8_000

    /// When the first reminder is due, in microseconds since the Unix epoch.
    let firstDue: Int64
    /// When the last one is.
    var lastDue: Int64 { ledger.due.last ?? firstDue }
    private let ledger: Ledger
    private let stream: any EventReceiver
    private let load: CreateLoad
    private let createLatencies: [Int64]?

    /// Starts to receive, over Server-Sent Events or by `receiver`, and to create.
    init(
        port: UInt16,
        rate: Int,
        count: Int,
        creation: Creation,
        receiver: ((Ledger) throws -> any EventReceiver)? = nil
    ) throws {
        // A moment for the threads to start, so that the first requests are on time too.
        let began = WallClock.nanoseconds + 200_000_000
        let interval = 1e9 / Double(rate)
        let ahead =
            switch creation {
            case .ahead(let seconds, _, _): seconds
            case .before: 5 + count / Self.loadedPerSecond
            }
        firstDue = began / 1_000 + Int64(ahead) * 1_000_000
        let firstDue = firstDue
        let ledger = Ledger(
            due: (0..<count).map { firstDue + Int64(Double($0) * interval / 1_000) }
        )
        self.ledger = ledger
        stream = try receiver?(ledger) ?? EventStream(port: port, ledger: ledger)
        var plan = CreateLoad.Plan(
            range: 0..<count,
            due: { ledger.due[$0] },
            accepted: ledger.accept
        )
        switch creation {
        case .ahead(_, let batch, let connections):
            (plan.batch, plan.connections) = (batch, connections)
            plan.sendAt = { began + Int64(Double($0) * interval) }
            load = try CreateLoad(port: port, plan: plan)
            createLatencies = nil
        case .before:
            (plan.batch, plan.connections) = (1_000, 2)
            load = try CreateLoad(port: port, plan: plan)
            createLatencies = try load.finish()
            guard WallClock.nanoseconds < firstDue * 1_000 - 1_000_000_000 else {
                throw BenchError("the reminders were not created in time")
            }
        }
    }

    /// Waits for the last reminder, or until 15 s after it was due.
    func finish() throws -> (ledger: Ledger, createLatencies: [Int64]) {
        let lastDue = ledger.due.last ?? 0
        Progress.follow(ledger, until: (lastDue + 15_000_000) * 1_000) {
            ledger.receivedCount.load(ordering: .relaxed) >= ledger.due.count
        }
        let latencies = try createLatencies ?? load.finish()
        // What comes twice may come a little later.
        WallClock.sleep(until: max(WallClock.nanoseconds, lastDue * 1_000) + 500_000_000)
        try stream.close()
        return (ledger, latencies)
    }
}
