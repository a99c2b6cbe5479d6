// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Asks how fast durable creates are answered.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Durable creates: one by one on C connections, then in batches.",
        discussion: """
            Each connection sends its next create when the last was answered. With --firing, a \
            steady stream of other reminders comes due at the same time, and its lateness is \
            reported too.
            """
    )

    @Option(help: "Connections that create one by one.")
    var connections = 16

    @Option(help: "Seconds for each of the two parts.")
    var seconds = 10

    @Option(help: "Tasks in one batch.")
    var batch = 1_000

    @Option(help: "Connections that send batches.")
    var batchConnections = 2

    @Option(help: "Reminders a second that fire meanwhile.")
    var firing = 0

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...256).contains(connections), (1...256).contains(batchConnections),
            (1...3_600).contains(seconds), (1...1_000).contains(batch),
            (0...100_000).contains(firing)
        else {
            throw ValidationError(
                """
                --connections and --batch-connections are 1 to 256, --seconds 1 to 3600, --batch 1 \
                to 1000, --firing 0 to 100000.
                """
            )
        }
    }

    func run() throws {
        try server.withServer { server in
            let limits = try self.server.measureLimits(server)
            let beside =
                try firing == 0
                ? nil
                : SteadyRun(
                    port: server.port,
                    rate: firing,
                    count: firing * (2 * seconds + 3),
                    creation: .ahead(seconds: 3, batch: max(1, firing / 100), connections: 2)
                )
            if beside != nil { WallClock.sleep(milliseconds: 3_500) }
            Progress.say("one by one on \(connections) connections")
            let single = try Self.measure(
                server,
                seconds: seconds,
                batch: 1,
                connections: connections
            )
            Progress.say("batches of \(batch) on \(batchConnections) connections")
            let batched = try Self.measure(
                server,
                seconds: seconds,
                batch: batch,
                connections: batchConnections
            )
            let drained = try waitForOutbox(server)

            let created = single.created + batched.created
            let stored = try Self.stored(in: server)

            var report = Report("ingest")
            report.add("sent", created)
            report.add("received", stored.rows)
            report.add("lost", created - stored.titles)
            report.add("repeated", stored.rows - stored.titles)
            report.add("rate_per_s", Double(batched.created) / batched.seconds)
            report.add("single", Self.figures(single))
            report.add("batched", Self.figures(batched))
            report.add(
                "batched_per_s_drained",
                Double(batched.created) / (batched.seconds + drained)
            )
            report.add("outbox_drain_s", drained)
            if let (ledger, _) = try beside?.finish() {
                report.add("firing", ledger.account(for: ledger.due.indices).json)
            }
            if let limits { report.add("limits", limits.json(lateness: nil)) }
            report.print(asJSON: output.json)
        }
    }

    /// What one kind of creation reached.
    struct Part {
        let created: Int
        let seconds: Double
        let latencies: Percentiles
    }

    /// Creates as fast as answers come, for some seconds.
    static func measure(
        _ server: PunctualServer,
        seconds: Int,
        batch: Int,
        connections: Int
    ) throws -> Part {
        let base = WallClock.nanoseconds / 1_000 + 365 * 86_400 * 1_000_000
        let created = Counter()
        let began = WallClock.nanoseconds
        let load = try CreateLoad(
            port: server.port,
            plan: CreateLoad.Plan(
                title: "ingest \(batch) ",
                range: 0..<Int.max / 2,
                batch: batch,
                connections: connections,
                due: { base + Int64($0) * 1_000 },
                stopAt: began + Int64(seconds) * 1_000_000_000,
                accepted: { _ in created.increment() }
            )
        )
        let latencies = try load.finish()
        return Part(
            created: created.value,
            seconds: Double(WallClock.nanoseconds - began) / 1e9,
            latencies: Percentiles(nanoseconds: latencies)
        )
    }

    private static func figures(_ part: Part) -> JSON {
        .object([
            ("created", .integer(part.created)),
            ("per_s", .number(Double(part.created) / part.seconds)),
            ("latency_ms", part.latencies.json),
        ])
    }

    /// How many of the created tasks the database has, and how many different ones.
    private static func stored(in server: PunctualServer) throws -> (rows: Int, titles: Int) {
        let answer = try server.cluster.query(
            "SELECT count(*), count(DISTINCT title) FROM tasks WHERE title LIKE 'ingest %'"
        )
        let counts = answer.first?.split(separator: "|").compactMap { Int($0) } ?? []
        guard counts.count == 2 else { throw BenchError("the tasks could not be counted") }
        return (counts[0], counts[1])
    }

    /// Waits until the change events of the batches have left the outbox; returns the seconds.
    private func waitForOutbox(_ server: PunctualServer) throws -> Double {
        let began = WallClock.monotonicNanoseconds
        let tolerated = firing * 6
        while true {
            let rows = try server.cluster.query("SELECT count(*) FROM outbox").first
            let seconds = Double(WallClock.monotonicNanoseconds - began) / 1e9
            guard let count = rows.flatMap({ Int($0) }) else {
                throw BenchError("the outbox could not be counted")
            }
            if count <= tolerated { return seconds }
            guard seconds < 120 else { throw BenchError("\(count) rows stay in the outbox") }
            WallClock.sleep(milliseconds: 20)
        }
    }
}
