// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Synchronization

/// Asks how long reminders are late because the server was killed, and whether one is missing.
struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "kill -9 with N outstanding: from exec to the first on-time release.",
        discussion: """
            A reminder is due every 2 ms. In the middle the server is killed, --down seconds later \
            it is executed again. On time is a release within 10 ms of its due instant, by the \
            server's own clock, which here is the bench's too. Then every reminder must be in \
            event_log exactly once.
            """
    )

    @Option(help: "Seconds between the kill and the exec.")
    var down = 0

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...600).contains(down) else { throw ValidationError("--down is 0 to 600.") }
    }

    func run() throws {
        try server.withServer { server in
            let interval: Int64 = 2_000
            let firstDue = WallClock.nanoseconds / 1_000 + 6_000_000
            let count = (10 + down) * 500
            let ledger = Ledger(due: (0..<count).map { firstDue + Int64($0) * interval })
            let before = try EventStream(port: server.port, ledger: ledger)
            let load = try CreateLoad(
                port: server.port,
                plan: CreateLoad.Plan(
                    range: 0..<count,
                    batch: 1_000,
                    connections: 2,
                    due: { ledger.due[$0] },
                    accepted: ledger.accept
                )
            )
            _ = try load.finish()

            WallClock.sleep(until: (firstDue + 3_000_000) * 1_000)
            Progress.say("kill -9")
            server.kill()
            try before.close()
            WallClock.sleep(milliseconds: Int64(down) * 1_000)
            let executed = WallClock.nanoseconds
            try server.start()
            try server.waitUntilReady()
            let ready = WallClock.nanoseconds
            let after = try EventStream(port: server.port, ledger: ledger)
            let lastDue = ledger.due.last ?? 0
            Progress.follow(ledger, until: (lastDue + 5_000_000) * 1_000) { false }
            try after.close()
            try report(server, ledger, executed: executed, ready: ready)
        }
    }

    private func report(
        _ server: PunctualServer,
        _ ledger: Ledger,
        executed: Int64,
        ready: Int64
    ) throws {
        let log = try EventLog(server.cluster, executed: executed)
        let account = ledger.account(for: ledger.due.indices)
        var report = Report("restart")
        report.add("outstanding", self.server.outstanding)
        report.add("sent", account.sent)
        report.add("received", account.received)
        report.add("lost", account.sent - log.reminders)
        report.add("early", log.early)
        report.add("repeated", log.rows - log.reminders)
        report.add("rate_per_s", 500.0)
        report.add("lateness_ms", account.lateness.json)
        report.add("repeated_on_the_wire", account.repeated)
        report.add("ready_after_exec_ms", Double(ready - executed) / 1e6)
        report.add("first_release_after_exec_ms", log.firstRelease)
        report.add("first_on_time_release_after_exec_ms", log.firstOnTime)
        report.add("fired_late", log.late)
        report.add("left_in_reminders_or_outbox", log.left)
        report.print(asJSON: output.json)
    }

    /// What the database says about the run.
    private struct EventLog {
        let rows, reminders, early, late, left: Int
        let firstRelease, firstOnTime: Double

        init(_ cluster: PrivateCluster, executed: Int64) throws {
            let instant = "to_timestamp(\(executed / 1_000) / 1000000.0)"
            let answer = try cluster.query(
                """
                WITH fired AS (
                    SELECT event_id, task_id, timestamp,
                        timestamp - (payload->>'remind_at')::timestamptz AS lateness
                    FROM event_log
                    WHERE topic = 'reminders' AND payload->>'title' LIKE 'bench %')
                SELECT count(*), count(DISTINCT task_id),
                    count(*) FILTER (WHERE lateness < '0'),
                    count(*) FILTER (WHERE lateness > '10 ms'),
                    coalesce(extract(epoch FROM min(timestamp)
                        FILTER (WHERE timestamp > \(instant)) - \(instant)) * 1000, 'NaN'),
                    coalesce(extract(epoch FROM min(timestamp)
                        FILTER (WHERE timestamp > \(instant) AND lateness <= '10 ms')
                        - \(instant)) * 1000, 'NaN'),
                    (SELECT count(*) FROM reminders WHERE due < now())
                        + (SELECT count(*) FROM outbox WHERE due < now())
                FROM fired
                """
            )
            let fields = answer.first?.split(separator: "|").compactMap { Double($0) } ?? []
            guard fields.count == 7 else {
                throw BenchError("event_log could not be read: \(answer.joined(separator: " "))")
            }
            (rows, reminders, early) = (Int(fields[0]), Int(fields[1]), Int(fields[2]))
            (late, left) = (Int(fields[3]), Int(fields[6]))
            (firstRelease, firstOnTime) = (fields[4], fields[5])
        }
    }
}
