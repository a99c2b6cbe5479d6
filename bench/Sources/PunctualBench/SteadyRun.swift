// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A steady stream of reminders, created on schedule and received while it goes on.
struct SteadyRun {
    /// When the first reminder is due, in microseconds since the Unix epoch.
    let firstDue: Int64
    private let ledger: Ledger
    private let stream: EventStream
    private let load: CreateLoad

    /// Starts to receive, and to create.
    init(
        port: UInt16,
        rate: Int,
        count: Int,
        ahead: Int,
        batch: Int,
        connections: Int
    ) throws {
        // A moment for the threads to start, so that the first requests are on time too.
        let began = WallClock.nanoseconds + 200_000_000
        let interval = 1e9 / Double(rate)
        firstDue = began / 1_000 + Int64(ahead) * 1_000_000
        let firstDue = firstDue
        let ledger = Ledger(
            due: (0..<count).map { firstDue + Int64(Double($0) * interval / 1_000) }
        )
        self.ledger = ledger
        stream = try EventStream(port: port, ledger: ledger)
        load = try CreateLoad(
            port: port,
            plan: CreateLoad.Plan(
                range: 0..<count,
                batch: batch,
                connections: connections,
                due: { ledger.due[$0] },
                sendAt: { began + Int64(Double($0) * interval) },
                accepted: ledger.accept
            )
        )
    }

    /// Waits for the last reminder, or until 15 s after it was due.
    func finish() throws -> (ledger: Ledger, createLatencies: [Int64]) {
        let lastDue = ledger.due.last ?? 0
        Progress.follow(ledger, until: (lastDue + 15_000_000) * 1_000) {
            ledger.receivedCount.load(ordering: .relaxed) >= ledger.due.count
        }
        let latencies = try load.finish()
        // What comes twice may come a little later.
        WallClock.sleep(until: max(WallClock.nanoseconds, lastDue * 1_000) + 500_000_000)
        try stream.close()
        return (ledger, latencies)
    }
}
