// SPDX-License-Identifier: Apache-2.0

import CProbes
import Glibc

/// What this machine could do at best, measured in the same run as Punctual.
struct MachineLimits {
    /// How late a thread wakes up that sleeps on a wall-clock `timerfd`, at 1 kHz.
    let wakeUp: Percentiles
    /// How long `fdatasync` of 8 kB takes beside the cluster's files.
    let sync: Percentiles
    /// Single inserts, each committed, on one connection.
    let commitsPerSecond: Double
    /// Rows in committed batches of 1,000, one statement each, on one connection.
    let batchedRowsPerSecond: Double

    /// Takes about ten seconds; nothing else should run meanwhile.
    init(_ cluster: PrivateCluster) throws {
        Progress.say("measuring the machine's own limits")
        wakeUp = try Self.wakeUps(count: 3_000)
        sync = try Self.syncs(count: 500, folder: cluster.folder)
        _ = try cluster.query("CREATE TABLE limits (id bigint, body jsonb)")
        let row = "'{\"title\":\"limit\"}'"
        commitsPerSecond = try cluster.transactionsPerSecond(
            "INSERT INTO limits VALUES (1, \(row));",
            seconds: 3
        )
        batchedRowsPerSecond =
            try cluster.transactionsPerSecond(
                "INSERT INTO limits SELECT i, \(row) FROM generate_series(1, 1000) AS i;",
                seconds: 3
            ) * 1_000
        _ = try cluster.query("DROP TABLE limits")
    }

    /// The limits, and how far a run's lateness is from the first of them.
    func json(lateness: Percentiles?) -> JSON {
        var members: [(String, JSON)] = [
            ("timerfd_ms", wakeUp.json), ("fdatasync_ms", sync.json),
            ("commits_per_s", .number(commitsPerSecond)),
            ("batched_rows_per_s", .number(batchedRowsPerSecond)),
        ]
        if let lateness {
            members.append(("lateness_p50_to_timerfd", .number(lateness.p50 / wakeUp.p50)))
            members.append(("lateness_p99_to_timerfd", .number(lateness.p99 / wakeUp.p99)))
        }
        return .object(members)
    }

    private static func wakeUps(count: Int) throws -> Percentiles {
        let timer = bench_wall_timer_create()
        guard timer >= 0 else { throw BenchError("no timerfd: \(HTTPConnection.reason())") }
        defer { close(timer) }
        let began = WallClock.nanoseconds + 10_000_000
        var late: [Int64] = []
        for step in 0..<Int64(count) {
            let due = began + step * 1_000_000
            bench_wall_timer_arm(timer, due)
            var expirations: UInt64 = 0
            guard read(timer, &expirations, 8) == 8 else { continue }
            late.append(WallClock.nanoseconds - due)
        }
        return Percentiles(nanoseconds: late)
    }

    private static func syncs(count: Int, folder: String) throws -> Percentiles {
        let path = folder + "/sync"
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        guard file >= 0 else { throw BenchError("\(path): \(HTTPConnection.reason())") }
        defer {
            close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x2a, count: 8_192)
        var times: [Int64] = []
        for _ in 0..<count {
            guard write(file, block, block.count) == block.count else { break }
            let began = WallClock.monotonicNanoseconds
            fdatasync(file)
            times.append(WallClock.monotonicNanoseconds - began)
        }
        return Percentiles(nanoseconds: times)
    }
}

extension PrivateCluster {
    /// Runs one statement over and over on one connection, by PostgreSQL's own `pgbench`.
    func transactionsPerSecond(_ statement: String, seconds: Int) throws -> Double {
        let script = folder + "/limit.sql"
        let output = folder + "/limit.out"
        unlink(output)
        try writeFile(script, statement + "\n")
        try ChildProcess.run(
            [
                binaries + "/pgbench", "--no-vacuum", "--protocol=prepared", "--client=1",
                "--time=\(seconds)", "--file=\(script)", "--host=\(folder)",
                "--username=punctual", "punctual",
            ],
            log: output
        )
        let line = try readFile(output).split(separator: "\n").first { $0.hasPrefix("tps = ") }
        guard let rate = line?.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) })
        else { throw BenchError("pgbench gave no rate\n\(ChildProcess.tail(of: output))") }
        return rate
    }
}
