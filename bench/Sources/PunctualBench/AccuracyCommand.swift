// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Asks how late a reminder is when so many fire each second.
struct AccuracyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "R reminders a second for S seconds: lateness, and what was lost.",
        discussion: """
            Reminders are created while others fire, at the same rate, each --ahead seconds before \
            it is due.
            """
    )

    @Option(help: "Reminders a second.")
    var rate = 1_000

    @Option(help: "For how many seconds.")
    var seconds = 20

    @Option(help: "How many seconds before its due instant a reminder is created.")
    var ahead = 3

    @Option(help: "Connections that create.")
    var connections = 8

    @Option(help: "Tasks in one request. (default: 1 up to 1,000 a second, then 10 ms of them)")
    var batch: Int?

    @OptionGroup var server: ServerOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...100_000).contains(rate), (1...86_400).contains(seconds),
            rate * seconds <= 20_000_000, (1...600).contains(ahead),
            (1...256).contains(connections), (1...1_000).contains(batch ?? 1)
        else {
            throw ValidationError(
                """
                --rate is 1 to 100000, --seconds 1 to 86400 (20 million reminders in all), --ahead \
                1 to 600, --connections 1 to 256, --batch 1 to 1000.
                """
            )
        }
    }

    func run() throws {
        try server.withServer { server in
            let limits = try self.server.measureLimits(server)
            let run = try SteadyRun(
                port: server.port,
                rate: rate,
                count: rate * seconds,
                ahead: ahead,
                batch: batch ?? (rate <= 1_000 ? 1 : rate / 100),
                connections: connections
            )
            let (ledger, latencies) = try run.finish()
            let all = ledger.due.indices
            let account = ledger.account(for: all)
            var report = Report("accuracy")
            report.add(account, ratePerSecond: Self.rate(of: ledger))
            report.add("create_ms", Percentiles(nanoseconds: latencies).json)
            report.add("outstanding", self.server.outstanding)
            if let memory = server.residentMegabytes { report.add("server_rss_mb", memory) }
            if let limits { report.add("limits", limits.json(lateness: account.lateness)) }
            try report.writePage(page.html, ledger, in: all)
            report.print(asJSON: output.json)
        }
    }

    /// Events a second, from the first arrival to the last.
    private static func rate(of ledger: Ledger) -> Double {
        let arrivals = ledger.due.indices.compactMap { ledger.arrival(of: $0) }
        guard let first = arrivals.min(), let last = arrivals.max(), last > first else { return 0 }
        return Double(arrivals.count - 1) * 1e9 / Double(last - first)
    }
}
