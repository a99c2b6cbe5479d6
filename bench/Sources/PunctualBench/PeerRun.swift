// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// A scheduler that users would pick instead, run through the same schedule in the same minutes.
enum Peer: String, CaseIterable, ExpressibleByArgument {
    case apscheduler, pgqueuer

    /// Loads jobs, lets the peer fire them, and says how late their handlers started.
    ///
    /// Everything is loaded before the peer's worker starts, into a database of its own on the same
    /// cluster, and the stamp is taken in the handler's own process: both favour the peer.
    ///
    /// `offsets` are the due instants, in microseconds after the first one.
    func run(_ offsets: [Int64], on cluster: PrivateCluster) throws -> Account {
        let python = try Self.environment()
        let files = "\(cluster.folder)/\(rawValue)"
        _ = try cluster.query("CREATE DATABASE \(rawValue)")
        try writeFile(files + ".offsets", offsets.map { "\($0)\n" }.joined())
        Progress.say("\(rawValue): \(offsets.count) jobs are loaded, and then fire")
        try ChildProcess.run(
            [
                python, "\(Self.folder)/\(rawValue)_peer.py", "--host", cluster.folder,
                "--database", rawValue, "--offsets", files + ".offsets", "--out", files + ".out",
            ],
            log: files + ".log"
        )
        return try Account(readFile(files + ".out"), sent: offsets.count)
    }

    /// What became of a peer's jobs.
    struct Account {
        let sent: Int
        let lost, early, repeated: Int
        let lateness: Percentiles

        /// Reads lines of a number, a due instant and a start, both in nanoseconds.
        init(_ text: String, sent: Int) throws {
            var lateness: [Int64] = []
            var seen: Set<Int64> = []
            for line in text.split(separator: "\n") {
                let fields = line.split(separator: " ").compactMap { Int64($0) }
                guard fields.count == 3 else { throw BenchError("the peer wrote: \(line)") }
                if seen.insert(fields[0]).inserted { lateness.append(fields[2] - fields[1]) }
            }
            self.sent = sent
            lost = sent - seen.count
            early = lateness.count { $0 < 0 }
            repeated = text.split(separator: "\n").count - seen.count
            self.lateness = Percentiles(nanoseconds: lateness)
        }

        /// The figures, with how many times Punctual's lateness goes into the peer's.
        func json(beside punctual: Percentiles) -> JSON {
            func ratio(_ figure: (Percentiles) -> Double) -> JSON {
                figure(punctual) > 0 ? .number(figure(lateness) / figure(punctual)) : .null
            }
            return .object([
                ("sent", .integer(sent)), ("lost", .integer(lost)), ("early", .integer(early)),
                ("repeated", .integer(repeated)), ("lateness_ms", lateness.json),
                (
                    "times_punctual",
                    .object([
                        ("p50", ratio(\.p50)), ("p99", ratio(\.p99)), ("p999", ratio(\.p999)),
                        ("max", ratio(\.max)),
                    ])
                ),
            ])
        }
    }

    /// The folder of the peers' scripts in the clone that this source lies in.
    private static var folder: String {
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/peers"
    }

    /// The Python of an environment with the peers, made at the first use.
    private static func environment() throws -> String {
        let environment = folder + "/.venv"
        let python = environment + "/bin/python"
        if access(environment + "/complete", F_OK) == 0 { return python }
        Progress.say("installing the peers from PyPI into \(environment)")
        let log = environment + ".log"
        try ChildProcess.run(["python3", "-m", "venv", "--clear", environment], log: log)
        try ChildProcess.run(
            [
                python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                "--requirement", folder + "/requirements.txt",
            ],
            log: log
        )
        try writeFile(environment + "/complete", "")
        return python
    }
}
