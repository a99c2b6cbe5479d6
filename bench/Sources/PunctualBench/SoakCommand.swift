// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Asks whether anything grows, slows down or leaks while reminders fire for a long time.
struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Minutes at a fixed rate: lateness, tables, memory and descriptors over time.",
        discussion: """
            Every column of the samples should be flat, but for those of event_log, which keeps \
            what has fired.
            """
    )

    @Option(help: "Reminders a second.")
    var rate = 1_000

    @Option(help: "For how many minutes.")
    var minutes = 10

    @Option(help: "Seconds between two samples.")
    var sample = 60

    @OptionGroup var server: ServerOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...100_000).contains(rate), (1...10_000).contains(minutes),
            (5...3_600).contains(sample), rate * minutes * 60 <= 20_000_000
        else {
            throw ValidationError(
                """
                --rate is 1 to 100000, --minutes 1 to 10000 (20 million reminders in all), --sample \
                5 to 3600.
                """
            )
        }
    }

    func run() throws {
        try server.withServer { server in
            let run = try SteadyRun(
                port: server.port,
                rate: rate,
                count: rate * minutes * 60,
                creation: .ahead(
                    seconds: 3,
                    batch: rate <= 1_000 ? 1 : rate / 100,
                    connections: 8
                )
            )
            let count = max(1, minutes * 60 / sample)
            var samples: [Sample] = []
            for number in 1...count {
                let end = run.firstDue + Int64(number * sample) * 1_000_000
                WallClock.sleep(until: end * 1_000)
                samples.append(try Sample(server))
                Progress.say("\(number * sample) s of \(minutes * 60)")
            }
            let (ledger, _) = try run.finish()
            var report = Report("soak")
            let account = ledger.account(for: ledger.due.indices)
            report.add(account, ratePerSecond: Double(rate))
            report.add(
                "samples",
                .list(
                    samples.enumerated().map { number, sample in
                        let first = number * self.sample * rate
                        return sample.row(
                            second: (number + 1) * self.sample,
                            ledger.lateness(in: first..<first + self.sample * rate)
                        )
                    }
                )
            )
            try report.writePage(page.html, ledger, in: ledger.due.indices)
            report.print(asJSON: output.json)
        }
    }

    /// The state of the server and its tables at one moment.
    private struct Sample {
        let memory: Double
        let descriptors: Int
        let tables: [(String, JSON)]

        init(_ server: PunctualServer) throws {
            memory = server.residentMegabytes ?? 0
            descriptors = server.descriptorCount ?? 0
            // The partitions of event_log count as one table.
            let rows = try server.cluster.query(
                """
                SELECT name, sum(n_dead_tup)::bigint, sum(pg_table_size(relid))::bigint,
                    sum(pg_indexes_size(relid))::bigint
                FROM (SELECT *, CASE WHEN relname LIKE 'event_log%' THEN 'event_log'
                        ELSE relname END AS name FROM pg_stat_user_tables) AS tables
                WHERE name IN ('reminders', 'outbox', 'event_log')
                GROUP BY name ORDER BY name
                """
            )
            tables = rows.flatMap { row in
                let fields = row.split(separator: "|").map(String.init)
                guard fields.count == 4 else { return [(String, JSON)]() }
                return zip(["dead", "table_mb", "index_mb"], fields.dropFirst()).map { name, text in
                    let number = Double(text) ?? 0
                    return ("\(fields[0])_\(name)", .number(name == "dead" ? number : number / 1e6))
                }
            }
        }

        func row(second: Int, _ lateness: [Int64]) -> JSON {
            let late = Percentiles(nanoseconds: lateness)
            return .object(
                [
                    ("second", .integer(second)), ("p50_ms", .number(late.p50)),
                    ("p99_ms", .number(late.p99)), ("max_ms", .number(late.max)),
                    ("rss_mb", .number(memory)), ("descriptors", .integer(descriptors)),
                ] + tables
            )
        }
    }
}
