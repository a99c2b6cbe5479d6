// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Synchronization

/// Asks what happens when very many reminders are due at one instant.
struct HerdCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "herd",
        abstract: "N reminders on one instant: first and last arrival, and a trickle beside them.",
        discussion: """
            The herd is created in batches before the instant; --ahead must leave time for that. \
            Beside it an ordinary reminder comes due 20 times a second, from 2 s before to 3 s \
            after.
            """
    )

    @Option(help: "How many reminders are due at the same instant.")
    var count = 50_000

    @Option(
        help: "Seconds from the first create to the instant. (default: 10 and 1 for each 2,500)"
    )
    var ahead: Int?

    @Option(help: "Also run a peer through the same herd; it is installed from PyPI.")
    var peer: Peer?

    @OptionGroup var server: ServerOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...5_000_000).contains(count), (5...7_200).contains(ahead ?? 5) else {
            throw ValidationError("--count is 1 to 5000000 and --ahead 5 to 7200.")
        }
    }

    func run() throws {
        try server.withServer { server in
            let limits = try self.server.measureLimits(server)
            let due =
                (WallClock.nanoseconds / 1_000_000_000 + Int64(ahead ?? 10 + count / 2_500))
                * 1_000_000
            let trickle = Self.trickle(around: due)
            let ledger = Ledger(due: Array(repeating: due, count: count) + trickle)
            let herd = 0..<count
            let beside = count..<ledger.due.count
            let stream = try EventStream(port: server.port, ledger: ledger)
            let creation = try create(ledger, on: server.port)
            guard WallClock.nanoseconds < (due - 1_000_000) * 1_000 else {
                throw BenchError("the herd was not created in time; give a larger --ahead")
            }
            Progress.follow(ledger, until: (due + 60_000_000) * 1_000) {
                ledger.receivedCount.load(ordering: .relaxed) >= ledger.due.count
            }
            WallClock.sleep(milliseconds: 500)
            try stream.close()

            let account = ledger.account(for: herd)
            let arrivals = herd.compactMap { ledger.arrival(of: $0) }
            let spread = Double((arrivals.max() ?? 0) - (arrivals.min() ?? 0)) / 1e9
            var report = Report("herd")
            report.add(account, ratePerSecond: spread > 0 ? Double(arrivals.count) / spread : 0)
            report.add("first_ms", account.lateness.min)
            report.add("last_ms", account.lateness.max)
            report.add("create_s", creation)
            report.add(
                "trickle_lateness_ms",
                Percentiles(nanoseconds: ledger.lateness(in: beside)).json
            )
            report.add("trickle_lost", ledger.account(for: beside).lost)
            if let limits { report.add("limits", limits.json(lateness: account.lateness)) }
            try report.writePage(page.html, ledger, in: ledger.due.indices)
            if let peer {
                server.kill()
                let rival = try peer.run(Array(repeating: 0, count: count), on: server.cluster)
                report.add(peer.rawValue, rival.json(beside: account.lateness))
            }
            report.print(asJSON: output.json)
        }
    }

    /// Creates the trickle and then the herd, and returns how many seconds that took.
    private func create(_ ledger: Ledger, on port: UInt16) throws -> Double {
        let began = WallClock.monotonicNanoseconds
        for (range, connections) in [(count..<ledger.due.count, 1), (0..<count, 2)] {
            let load = try CreateLoad(
                port: port,
                plan: CreateLoad.Plan(
                    range: range,
                    batch: 1_000,
                    connections: connections,
                    due: { ledger.due[$0] },
                    accepted: ledger.accept
                )
            )
            _ = try load.finish()
        }
        return Double(WallClock.monotonicNanoseconds - began) / 1e9
    }

    /// Every 50 ms, off the whole second by a prime number of microseconds.
    private static func trickle(around due: Int64) -> [Int64] {
        stride(from: due - 2_000_000, to: due + 3_000_000, by: 50_000).map { $0 + 1_009 }
    }
}
