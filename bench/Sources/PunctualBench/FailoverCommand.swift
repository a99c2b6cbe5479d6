// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// Asks how late reminders are when the engine that owns them dies or hangs.
struct FailoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover",
        abstract: "Two engines, one killed or stopped: its reminders' lateness, and the others'.",
        discussion: """
            Three processes on one database: one that serves HTTP, two that are engines only. In \
            the middle of the run one engine gets kill -9, or with --stop a SIGSTOP, and after that \
            many seconds a SIGCONT; with --rolling both are stopped gracefully and started again. \
            Reminders count as the victim's if it owned their shard then, \
            and they were due within --window seconds after. Lateness is taken at the sockets of \
            the HTTP process, which hears of every release through the database.
            """
    )

    @Option(help: "Reminders a second.")
    var rate = 200

    @Option(help: "For how many seconds; the fault comes after a third.")
    var seconds = 30

    @Option(help: "Stop the engine for so many seconds instead of killing it.")
    var stop: Int?

    @Flag(help: "Restart both engines gracefully, one after the other, instead.")
    var rolling = false

    @Option(help: "For how many seconds after the fault lateness is put down to it.")
    var window = 5

    @Option(help: "How many users, each with a stream of its own.")
    var users = 32

    @Option(help: "The punctual executable to test. (default: the clone's release build)")
    var server: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...5_000).contains(rate), (6...3_600).contains(seconds),
            (1...600).contains(stop ?? 1), (1...600).contains(window), (1...200).contains(users)
        else {
            throw ValidationError(
                """
                --rate is 1 to 5000, --seconds 6 to 3600, --stop and --window 1 to 600, --users 1 \
                to 200.
                """
            )
        }
    }

    func run() throws {
        try Cleanup.watchSignals()
        defer { Cleanup.run() }
        let executable = server ?? ServerOptions.releaseBuild
        let cluster = try PunctualServer.migratedCluster(executable: executable)
        func start(_ roles: String) throws -> PunctualServer {
            try PunctualServer(executable: executable, cluster: cluster, roles: roles)
        }
        let victim = try start("engine")
        let owner = try cluster.owners(atLeast: 1)
        let other = try start("engine")
        let front = try start("api,realtime,recurring,notify,audit")
        let owners = try cluster.owners(atLeast: 2)
        Progress.say("\(owners.count) of 2 engines own shards")
        try measure(front, victim: victim, other: other, owner: owner.first ?? 0)
        other.kill()
    }

    /// What is done to the engines.
    private var fault: String {
        rolling ? "rolling restart" : stop.map { "SIGSTOP for \($0) s" } ?? "kill -9"
    }

    private func strike(_ victim: PunctualServer, _ other: PunctualServer) throws {
        if rolling {
            try victim.restart()
            try other.restart()
        } else if let stop {
            victim.send(SIGSTOP)
            WallClock.sleep(milliseconds: Int64(stop) * 1_000)
            victim.send(SIGCONT)
        } else {
            victim.kill()
        }
    }

    private func measure(
        _ front: PunctualServer,
        victim: PunctualServer,
        other: PunctualServer,
        owner: Int
    ) throws {
        let tokens = (0..<users).map { Token.header(of: "user \($0)") }
        let began = WallClock.nanoseconds + 200_000_000
        let interval = 1e9 / Double(rate)
        let firstDue = began / 1_000 + 3_000_000
        let ledger = Ledger(
            due: (0..<rate * seconds).map { firstDue + Int64(Double($0) * interval / 1_000) }
        )
        // Each stream receives its user's events only, so no two threads write to one index.
        let streams = try tokens.map {
            try EventStream(port: front.port, ledger: ledger, headers: $0)
        }
        let load = try CreateLoad(
            port: front.port,
            plan: CreateLoad.Plan(
                range: ledger.due.indices,
                headers: { tokens[$0 % tokens.count] },
                due: { ledger.due[$0] },
                sendAt: { began + Int64(Double($0) * interval) },
                accepted: ledger.accept
            )
        )
        WallClock.sleep(until: (firstDue + Int64(seconds) * 1_000_000 / 3) * 1_000)
        let owned = try Self.shards(of: owner, in: front.cluster)
        let struck = WallClock.nanoseconds
        Progress.say(fault)
        try strike(victim, other)
        let lastDue = ledger.due.last ?? 0
        Progress.follow(ledger, until: (lastDue + 15_000_000) * 1_000) {
            ledger.receivedCount.load(ordering: .relaxed) >= ledger.due.count
        }
        _ = try load.finish()
        WallClock.sleep(milliseconds: 1_000)
        for stream in streams { try stream.close() }
        try report(front, ledger, owned: owned, from: struck / 1_000)
    }

    private func report(
        _ front: PunctualServer,
        _ ledger: Ledger,
        owned: Set<Int>,
        from start: Int64
    ) throws {
        let shardOfUser = try Self.shardsOfUsers(in: front.cluster)
        let struck = (start..<start + Int64(window) * 1_000_000)
        var (ofVictim, ofOthers, otherwise) = ([Int64](), [Int64](), [Int64]())
        for index in ledger.due.indices {
            guard let arrival = ledger.arrival(of: index) else { continue }
            let lateness = arrival - ledger.due[index] * 1_000
            if !struck.contains(ledger.due[index]) {
                otherwise.append(lateness)
            } else if let shard = shardOfUser["user \(index % users)"], owned.contains(shard) {
                ofVictim.append(lateness)
            } else {
                ofOthers.append(lateness)
            }
        }
        let account = ledger.account(for: ledger.due.indices)
        var report = Report("failover")
        report.add(account, ratePerSecond: Double(rate))
        report.add("shards_of_victim", owned.count)
        report.add("fault", .text(fault))
        report.add("victim_ms", Percentiles(nanoseconds: ofVictim).json)
        report.add("victim_reminders", ofVictim.count)
        report.add("others_ms", Percentiles(nanoseconds: ofOthers).json)
        report.add("others_reminders", ofOthers.count)
        report.add("outside_the_window_ms", Percentiles(nanoseconds: otherwise).json)
        report.print(asJSON: output.json)
    }

    private static func shards(of engine: Int, in cluster: PrivateCluster) throws -> Set<Int> {
        Set(
            try cluster.query("SELECT shard FROM shards WHERE engine_id = \(engine)")
                .compactMap { Int($0) }
        )
    }

    private static func shardsOfUsers(in cluster: PrivateCluster) throws -> [String: Int] {
        var shards: [String: Int] = [:]
        for row in try cluster.query("SELECT DISTINCT user_id, shard FROM tasks") {
            let fields = row.split(separator: "|")
            if fields.count == 2 { shards[String(fields[0])] = Int(fields[1]) }
        }
        return shards
    }
}
