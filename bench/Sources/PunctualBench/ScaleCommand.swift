// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Asks what grows with the number of reminders that wait.
struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Memory, and the cost of a create, a stage and a fire, as ever more wait.",
        discussion: """
            At 0, a tenth of --count and --count waiting reminders, all created over HTTP: single \
            creates for --seconds, then 1,000 reminders a second for as long. At some 15,000 \
            creates a second ten million take eleven minutes. At last the wheel alone, with up to \
            --wheel timers.
            """
    )

    @Option(help: "How many reminders wait in the last step, due in a year.")
    var count = 1_000_000

    @Option(help: "Seconds of each measurement.")
    var seconds = 10

    @Option(help: "How many timers the wheel alone is given in its last step; 0 for none.")
    var wheel = 10_000_000

    @Option(help: "The punctual executable to test. (default: the clone's release build)")
    var server: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (10...20_000_000).contains(count), (1...600).contains(seconds),
            (0...100_000_000).contains(wheel)
        else {
            throw ValidationError(
                "--count is 10 to 20000000, --seconds 1 to 600, --wheel 0 to 100000000."
            )
        }
    }

    func run() throws {
        var options = ServerOptions()
        (options.server, options.outstanding, options.limits) = (server, 0, false)
        var report = Report("scale")
        try options.withServer { server in
            var waiting = 0
            var steps: [JSON] = []
            for step in [0, count / 10, count] {
                try CreateLoad.outstanding(waiting..<step, port: server.port)
                waiting = step
                Progress.say("measuring with \(step) waiting")
                steps.append(try measure(server, waiting: step))
            }
            report.add("steps", .list(steps))
        }
        report.add("wheel", .list(try measureWheel()))
        report.print(asJSON: output.json)
    }

    private func measure(_ server: PunctualServer, waiting: Int) throws -> JSON {
        let memory = server.residentMegabytes ?? 0
        let creates = try IngestCommand.measure(server, seconds: seconds, batch: 1, connections: 16)
        let before = try Stages(server)
        let run = try SteadyRun(
            port: server.port,
            rate: 1_000,
            count: 1_000 * seconds,
            creation: .ahead(seconds: 3, batch: 1, connections: 8)
        )
        let (ledger, _) = try run.finish()
        let account = ledger.account(for: ledger.due.indices)
        return .object([
            ("waiting", .integer(waiting)), ("rss_mb", .number(memory)),
            ("rss_after_mb", .number(server.residentMegabytes ?? 0)),
            ("creates_per_s", .number(Double(creates.created) / creates.seconds)),
            ("create_p50_ms", .number(creates.latencies.p50)),
            ("create_p99_ms", .number(creates.latencies.p99)),
            ("stage_ms", .number(try Stages(server).mean(since: before))),
            ("fire_p50_ms", .number(account.lateness.p50)),
            ("fire_p99_ms", .number(account.lateness.p99)),
            ("lost", .integer(account.lost)), ("early", .integer(account.early)),
            ("repeated", .integer(account.repeated)),
        ])
    }

    private func measureWheel() throws -> [JSON] {
        guard wheel > 0 else { return [] }
        return try [max(1, wheel / 10), wheel].map { count in
            Progress.say("the wheel alone with \(count) timers")
            let round = try WheelRound(WheelSchedule(count: count, seconds: 1_000))
            return .object([
                ("timers", .integer(count)), ("insert_ns", .number(round.insert)),
                ("cancel_ns", .number(round.cancel)), ("fire_ns", .number(round.fire)),
                ("bytes_a_timer", .number(round.bytes)),
            ])
        }
    }

    /// What the server has counted of its stage statements.
    private struct Stages {
        let seconds, count: Double

        init(_ server: PunctualServer) throws {
            seconds = try server.metric("punctual_stage_seconds_sum") ?? 0
            count = try server.metric("punctual_stage_seconds_count") ?? 0
        }

        /// Milliseconds of a statement, on the average.
        func mean(since other: Stages) -> Double {
            count > other.count ? (seconds - other.seconds) / (count - other.count) * 1_000 : 0
        }
    }
}
