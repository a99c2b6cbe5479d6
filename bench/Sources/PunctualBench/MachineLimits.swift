// SPDX-License-Identifier: Apache-2.0

import CProbes
import Glibc
import Synchronization

/// What this machine could do at best, measured in the same run as Punctual.
struct MachineLimits {
    /// How late a thread wakes up that sleeps on a wall-clock `timerfd`, at 1 kHz.
    let wakeUp: Percentiles
    /// How late a message arrives over loopback that a thread sends when such a timer wakes it, at
    /// the rate of the run: the least that any release from one process to another can take.
    let arrival: Percentiles
    /// How long `fdatasync` of 8 kB takes beside the cluster's files.
    let sync: Percentiles
    /// Single inserts, each committed, on one connection.
    let commitsPerSecond: Double
    /// Rows in committed batches of 1,000, one statement each, on one connection.
    let batchedRowsPerSecond: Double

    /// Takes about fifteen seconds; nothing else should run meanwhile.
    init(_ cluster: PrivateCluster, rate: Int) throws {
        Progress.say("measuring the machine's own limits")
        wakeUp = try Self.wakeUps(count: 3_000)
        arrival = try Self.arrivals(rate: rate)
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
            ("timerfd_ms", wakeUp.json), ("timerfd_and_loopback_ms", arrival.json),
            ("fdatasync_ms", sync.json),
            ("commits_per_s", .number(commitsPerSecond)),
            ("batched_rows_per_s", .number(batchedRowsPerSecond)),
        ]
        if let lateness {
            members.append(("lateness_p50_to_limit", .number(lateness.p50 / arrival.p50)))
            members.append(("lateness_p99_to_limit", .number(lateness.p99 / arrival.p99)))
        }
        return .object(members)
    }

    private static func wakeUps(count: Int) throws -> Percentiles {
        let began = WallClock.nanoseconds + 10_000_000
        let dues = (0..<Int64(count)).map { began + $0 * 1_000_000 }
        var late: [Int64] = []
        try eachOnTime(dues) { late.append(WallClock.nanoseconds - $0) }
        return Percentiles(nanoseconds: late)
    }

    private static func arrivals(rate: Int) throws -> Percentiles {
        // As long as an event on its way to a client.
        let message = [UInt8](repeating: 0x2a, count: 600)
        let began = WallClock.nanoseconds + 50_000_000
        let count = min(max(500, rate * 3), 30_000)
        let dues = (0..<count).map { began + Int64(Double($0) * 1e9 / Double(rate)) }
        let listener = try LoopbackListener()
        defer { close(listener.descriptor) }
        let sender = try HTTPConnection(port: listener.port)
        let accepted = accept(listener.descriptor, nil, nil)
        let late = Mutex<[Int64]>([])
        let receiver = try Worker {
            let connection = HTTPConnection(accepted: accepted)
            var buffer = [UInt8](repeating: 0, count: 65_536)
            var (bytes, arrived) = (0, 0)
            while arrived < count {
                bytes += try connection.receive(into: &buffer)
                let now = WallClock.nanoseconds
                while arrived < bytes / message.count {
                    let due = dues[arrived]
                    late.withLock { $0.append(now - due) }
                    arrived += 1
                }
            }
        }
        try eachOnTime(dues) { _ in try sender.write(message) }
        try receiver.join()
        return Percentiles(nanoseconds: late.withLock { $0 })
    }

    /// Sleeps on a wall-clock `timerfd` until each instant, and calls `body` with it.
    private static func eachOnTime(_ dues: [Int64], _ body: (Int64) throws -> Void) throws {
        let timer = bench_wall_timer_create()
        guard timer >= 0 else { throw BenchError("no timerfd: \(HTTPConnection.reason())") }
        defer { close(timer) }
        for due in dues {
            bench_wall_timer_arm(timer, due)
            var expirations: UInt64 = 0
            guard read(timer, &expirations, 8) == 8 else { continue }
            try body(due)
        }
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
