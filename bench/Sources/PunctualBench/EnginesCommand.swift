// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Asks what a fired reminder costs the database and the engines, and how that changes with their number.
struct EnginesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines",
        abstract: "Engines on one database: statements, WAL and processor time a fired reminder.",
        discussion: """
            For each number of engines a cluster of its own. The reminders are created first; when \
            nothing is left to publish, PostgreSQL's counters are read, the reminders fire and are \
            logged, and the counters are read again. Nobody creates, receives or asks meanwhile. \
            Lateness is that of the release, as event_log has it.
            """
    )

    @Option(help: "How many engines; may be given several times.")
    var engines = [1, 2, 4]

    @Option(help: "Reminders a second.")
    var rate = 1_000

    @Option(help: "For how many seconds.")
    var seconds = 30

    @Option(help: "Whose they are: so many users, over all shards.")
    var users = 200

    @Option(help: "The punctual executable to test. (default: the clone's release build)")
    var server: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard engines.allSatisfy((1...16).contains), !engines.isEmpty, (1...100_000).contains(rate),
            (1...3_600).contains(seconds), rate * seconds <= 5_000_000, (1...10_000).contains(users)
        else {
            throw ValidationError(
                """
                --engines is 1 to 16, --rate 1 to 100000, --seconds 1 to 3600 (5 million reminders \
                in all), --users 1 to 10000.
                """
            )
        }
    }

    func run() throws {
        var rows: [JSON] = []
        for count in engines {
            try Cleanup.watchSignals()
            defer { Cleanup.run() }
            Progress.say("engines: \(count)")
            rows.append(try measure(count))
        }
        var report = Report("engines")
        report.add("rate_per_s", rate)
        report.add("reminders", rate * seconds)
        report.add("runs", .list(rows))
        report.print(asJSON: output.json)
    }

    private func measure(_ count: Int) throws -> JSON {
        let executable = server ?? ServerOptions.releaseBuild
        let cluster = try PunctualServer.migratedCluster(
            executable: executable,
            settings: ["shared_preload_libraries=pg_stat_statements"]
        )
        _ = try cluster.query("CREATE EXTENSION pg_stat_statements")
        func start(_ roles: String) throws -> PunctualServer {
            try PunctualServer(executable: executable, cluster: cluster, roles: roles)
        }
        let running = try (0..<count).map { _ in try start("engine") }
        let front = try start("api")
        let owners = try cluster.owners(atLeast: count)
        guard owners.count == count else {
            throw BenchError("only \(owners.count) of \(count) engines own shards after 20 s")
        }
        let lastDue = try create(port: front.port)
        front.kill()
        try cluster.wait(until: lastDue, for: "SELECT count(*) = 0 FROM outbox")
        let before = try Costs(cluster, running)
        WallClock.sleep(until: lastDue * 1_000)
        try cluster.wait(
            until: lastDue + 60_000_000,
            for: "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM reminders) = 0"
        )
        let spent = try Costs(cluster, running).since(before)
        return .object(
            [("engines", .integer(count))] + (try lateness(in: cluster))
                + spent.each(of: rate * seconds)
        )
    }

    /// Creates all, due so late that none is staged before the last one is there.
    ///
    /// - Returns: when the last one is due, in microseconds since the Unix epoch.
    private func create(port: UInt16) throws -> Int64 {
        let (rate, count) = (rate, rate * seconds)
        let firstDue = WallClock.nanoseconds / 1_000 + Int64(60 + count / 4_000) * 1_000_000
        let tokens = (0..<users).map { Token.header(of: "user \($0)") }
        let batch = min(100, max(1, count / users))
        let load = try CreateLoad(
            port: port,
            plan: CreateLoad.Plan(
                range: 0..<count,
                batch: batch,
                connections: 4,
                headers: { tokens[$0 / batch % tokens.count] },
                due: { firstDue + Int64($0) * 1_000_000 / Int64(rate) },
                accepted: { _ in }
            )
        )
        _ = try load.finish()
        return firstDue + Int64(seconds) * 1_000_000
    }

    private func lateness(in cluster: PrivateCluster) throws -> [(String, JSON)] {
        let late = "extract(epoch FROM timestamp - (payload->>'remind_at')::timestamptz) * 1000"
        let row =
            try cluster.query(
                """
                SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY late),
                    percentile_disc(0.99) WITHIN GROUP (ORDER BY late), max(late)
                FROM (SELECT \(late) AS late FROM event_log WHERE topic = 'reminders') AS released
                """
            ).first ?? ""
        let names = ["released", "p50_ms", "p99_ms", "max_ms"]
        return zip(names, row.split(separator: "|")).map { ($0, .number(Double($1) ?? -1)) }
    }
}

/// What PostgreSQL and the engines have done so far, as they count it themselves.
private struct Costs {
    private static let names = [
        "statements", "transactions", "wal_bytes", "wal_records", "wal_syncs",
    ]
    private let figures: [(String, Double)]

    init(_ cluster: PrivateCluster, _ engines: [PunctualServer]) throws {
        // Its own counting comes a moment after the fact.
        WallClock.sleep(milliseconds: 1_500)
        let row =
            try cluster.query(
                """
                SELECT (SELECT sum(calls) FROM pg_stat_statements), xact_commit,
                    wal_bytes, wal_records, wal_sync
                FROM pg_stat_wal, pg_stat_database WHERE datname = current_database()
                """
            ).first ?? ""
        figures =
            zip(Self.names, row.split(separator: "|").map { Double($0) ?? 0 })
            + [
                ("postgresql_cpu_us", cluster.processorSeconds * 1e6),
                ("engines_cpu_us", engines.compactMap(\.processorSeconds).reduce(0, +) * 1e6),
            ]
    }

    private init(_ figures: [(String, Double)]) { self.figures = figures }

    func since(_ before: Costs) -> Costs {
        Costs(zip(figures, before.figures).map { ($0.0, $0.1 - $1.1) })
    }

    /// What each of so many reminders has cost.
    func each(of count: Int) -> [(String, JSON)] {
        figures.map { ("\($0)_each", .number($1 / Double(count))) }
    }
}

extension PrivateCluster {
    /// The engines that own shards, once there are so many, or after 20 s those that there are.
    func owners(atLeast count: Int) throws -> [Int] {
        var owners: [Int] = []
        for _ in 0..<200 where owners.count < count {
            owners = try query(
                "SELECT DISTINCT engine_id FROM shards WHERE expires > now() ORDER BY 1"
            ).compactMap { Int($0) }
            WallClock.sleep(milliseconds: 100)
        }
        return owners
    }

    /// Waits until a statement answers true.
    ///
    /// - Throws: if it has not at the deadline, in microseconds since the Unix epoch.
    fileprivate func wait(until deadline: Int64, for statement: String) throws {
        while try query(statement) != ["t"] {
            guard WallClock.nanoseconds < deadline * 1_000 else {
                throw BenchError("in vain was waited for: \(statement)")
            }
            WallClock.sleep(milliseconds: 500)
        }
    }
}
