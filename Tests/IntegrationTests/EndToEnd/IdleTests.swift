// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// Waiting costs nothing, however much waits.
    @Suite struct IdleTests {
        private static let window = Duration.seconds(10)
        /// Of a core; a build without optimisation keeps it too.
        private static let cpuShare = 0.01

        @Test func `5,000 waiting reminders keep neither database nor core busy`() async throws {
            // The database's own housekeeping commits too, and would be counted.
            try await withOwnCluster(settings: ["autovacuum=off"]) { _, database in
                try await RestartableServer.running(over: database.url) { server in
                    let start = Instant.now + 30 * 86_400_000
                    for batch in 0..<5 {
                        try await server.createReminders(
                            at: (0..<1_000).map { start + (batch * 1_000 + $0) * 1_000 }
                        )
                    }
                    try await eventually("it has become quiet") {
                        try await !Self.isWriting(database)
                    }
                    // What a session has counted is seen up to ten seconds later (PostgreSQL's
                    // PGSTAT_IDLE_INTERVAL), so that the first window may count what came before.
                    var idle = try await Self.watch(server, database)
                    for _ in 0..<2 where idle.transactionsPerSecond > 2 {
                        idle = try await Self.watch(server, database)
                    }
                    #expect(idle.transactionsPerSecond <= 2)
                    #expect(idle.cpuShare < Self.cpuShare)
                }
            }
        }

        /// What the server costs while nothing is due, over one window.
        private static func watch(
            _ server: RestartableServer,
            _ database: TestDatabase
        ) async throws -> (transactionsPerSecond: Double, cpuShare: Double) {
            let process = try #require(server.processID)
            let transactions = try await transactions(database)
            let cpu = try cpuSeconds(of: process)
            let clock = ContinuousClock.now
            try await eventually("the time is over", within: window * 2) {
                ContinuousClock.now - clock >= window
            }
            let seconds = (ContinuousClock.now - clock) / .seconds(1)
            let share = (try cpuSeconds(of: process) - cpu) / seconds
            // The two of the first look: its session and its statement.
            let committed = try await Self.transactions(database) - transactions - 2
            return (Double(committed) / seconds, share)
        }

        private static func isWriting(_ database: TestDatabase) async throws -> Bool {
            try await database.number("SELECT count(*) FROM outbox") > 0
        }

        private static func transactions(_ database: TestDatabase) async throws -> Int64 {
            try await database.number(
                """
                SELECT xact_commit + xact_rollback FROM pg_stat_database
                WHERE datname = current_database()
                """
            )
        }

        /// User and system time of a process (proc(5), fields 14 and 15 of `stat`).
        private static func cpuSeconds(of process: Int32) throws -> Double {
            let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            // The second field is a name in parentheses that may contain spaces.
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
            let ticks = fields[12...13].compactMap { Double($0) }.reduce(0, +)
            return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
    }
}
