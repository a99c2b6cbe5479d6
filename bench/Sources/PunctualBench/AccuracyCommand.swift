// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Asks how late a reminder is when so many fire each second.
struct AccuracyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "R reminders a second for S seconds: lateness, and what was lost.",
        discussion: """
            Reminders are created while others fire, at the same rate, each --ahead seconds before \
            it is due; with --preload all are created before the first is due.
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

    @Flag(help: "Create all reminders before the first one is due.")
    var preload = false

    @Option(help: "Other tasks created a second meanwhile, one by one, due in a year.")
    var creating = 0

    @Option(help: "Where they are received: sse, webhook, or kafka (librdkafka's mock cluster).")
    var sink = Sink.sse

    @Option(help: "Also run a peer through the same schedule; it is installed from PyPI.")
    var peer: Peer?

    @OptionGroup var server: ServerOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    /// What the events go through.
    enum Sink: String, ExpressibleByArgument, CaseIterable {
        case sse, webhook, kafka
    }

    func validate() throws {
        guard (1...100_000).contains(rate), (1...86_400).contains(seconds),
            rate * seconds <= 20_000_000, (1...600).contains(ahead),
            (1...256).contains(connections), (1...1_000).contains(batch ?? 1),
            (0...20_000).contains(creating)
        else {
            throw ValidationError(
                """
                --rate is 1 to 100000, --seconds 1 to 86400 (20 million reminders in all), --ahead \
                1 to 600, --connections 1 to 256, --batch 1 to 1000, --creating 0 to 20000.
                """
            )
        }
    }

    func run() throws {
        let endpoint: (any EventEndpoint)? =
            switch sink {
            case .sse: nil
            case .webhook: try WebhookEndpoint()
            case .kafka: try KafkaEndpoint()
            }
        try server.withServer(environment: endpoint?.environment ?? [:]) { server in
            let limits = try self.server.measureLimits(server, rate: rate)
            let run = try SteadyRun(
                port: server.port,
                rate: rate,
                count: rate * seconds,
                creation: preload
                    ? .before
                    : .ahead(
                        seconds: ahead,
                        batch: batch ?? (rate <= 1_000 ? 1 : rate / 100),
                        connections: connections
                    ),
                receiver: endpoint?.stream
            )
            let others = try creating == 0 ? nil : createOthers(server, until: run.lastDue)
            let (ledger, latencies) = try run.finish()
            let all = ledger.due.indices
            let account = ledger.account(for: all)
            var report = Report("accuracy")
            report.add(account, ratePerSecond: Self.rate(of: ledger))
            report.add("create_ms", Percentiles(nanoseconds: latencies).json)
            if let others {
                report.add("creating_ms", Percentiles(nanoseconds: try others.finish()).json)
            }
            report.add("outstanding", self.server.outstanding)
            if let memory = server.residentMegabytes { report.add("server_rss_mb", memory) }
            if let limits { report.add("limits", limits.json(lateness: account.lateness)) }
            try report.writePage(page.html, ledger, in: all)
            if let peer {
                server.kill()
                let first = ledger.due.first ?? 0
                let rival = try peer.run(ledger.due.map { $0 - first }, on: server.cluster)
                report.add(peer.rawValue, rival.json(beside: account.lateness))
            }
            report.print(asJSON: output.json)
        }
    }

    /// Creates what has nothing to do with the run, at its own rate, until the last one is due.
    private func createOthers(_ server: PunctualServer, until lastDue: Int64) throws -> CreateLoad {
        let began = WallClock.nanoseconds
        let interval = 1e9 / Double(creating)
        let nextYear = began / 1_000 + 365 * 86_400 * 1_000_000
        return try CreateLoad(
            port: server.port,
            plan: CreateLoad.Plan(
                title: "other ",
                range: 0..<Int.max / 2,
                due: { nextYear + Int64($0) * 1_000 },
                sendAt: { began + Int64(Double($0) * interval) },
                stopAt: lastDue * 1_000,
                accepted: { _ in }
            )
        )
    }

    /// Events a second, from the first arrival to the last.
    private static func rate(of ledger: Ledger) -> Double {
        let arrivals = ledger.due.indices.compactMap { ledger.arrival(of: $0) }
        guard let first = arrivals.min(), let last = arrivals.max(), last > first else { return 0 }
        return Double(arrivals.count - 1) * 1e9 / Double(last - first)
    }
}
