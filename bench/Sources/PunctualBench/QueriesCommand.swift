// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Asks how fast one user's tasks are listed, filtered, sorted and searched.
struct QueriesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queries",
        abstract: "Lists, filters, sorts, pages and searches of one user with many tasks.",
        discussion: """
            A hundredth of --tasks is created over HTTP and asked for, then all of them. Each kind \
            of request is sent --requests times, one after the other on one connection, each time \
            with another value where the kind has some. Before that the table is vacuumed and \
            analyzed, as the database does by itself within minutes of such a load.
            """
    )

    @Option(help: "How many tasks the user has in the end.")
    var tasks = 100_000

    @Option(help: "Requests of each kind.")
    var requests = 200

    @Option(help: "The punctual executable to test. (default: the clone's release build)")
    var server: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (100...10_000_000).contains(tasks), (1...100_000).contains(requests) else {
            throw ValidationError("--tasks is 100 to 10000000, --requests 1 to 100000.")
        }
    }

    func run() throws {
        var options = ServerOptions()
        (options.server, options.outstanding, options.limits) = (server, 0, false)
        var report = Report("queries")
        try options.withServer { server in
            var created = 0
            var steps: [JSON] = []
            for step in [tasks / 100, tasks] {
                try create(created..<step, on: server)
                created = step
                _ = try server.cluster.query("VACUUM (ANALYZE) tasks")
                Progress.say("asking with \(step) tasks")
                steps += try measure(server, tasks: step)
            }
            report.add("requests", .list(steps))
        }
        report.print(asJSON: output.json)
    }

    private func create(_ range: Range<Int>, on server: PunctualServer) throws {
        let connection = try HTTPConnection(port: server.port)
        let now = WallClock.nanoseconds / 1_000
        for first in stride(from: range.lowerBound, to: range.upperBound, by: 1_000) {
            let indices = first..<min(first + 1_000, range.upperBound)
            let bodies = indices.map { SampleTask(index: $0, of: tasks, now: now).json }
            let body = "[" + bodies.joined(separator: ",") + "]"
            let answer = try connection.send("POST", "/api/tasks/batch", body: Array(body.utf8))
            guard answer.status == 201 else {
                throw BenchError(
                    "tasks were refused: \(String(decoding: answer.body.prefix(300), as: UTF8.self))"
                )
            }
        }
    }

    private func measure(_ server: PunctualServer, tasks: Int) throws -> [JSON] {
        let connection = try HTTPConnection(port: server.port)
        return try QueryKind.all(now: WallClock.nanoseconds / 1_000).map { kind in
            var latencies: [Int64] = []
            var (found, cursor) = (0, String?.none)
            for index in 0..<requests {
                let path = kind.path(index) + (cursor.map { "&cursor=\($0)" } ?? "")
                let began = WallClock.monotonicNanoseconds
                let answer = try connection.send("GET", path)
                latencies.append(WallClock.monotonicNanoseconds - began)
                let page = String(decoding: answer.body, as: UTF8.self)
                guard answer.status == 200 else {
                    throw BenchError("\(path) was answered \(answer.status) \(page.prefix(300))")
                }
                // The members of a task and of the answer come in this order.
                found +=
                    page.split(separator: "{\"id\":").filter { $0.contains("\"user_id\"") }.count
                if kind.followsCursor {
                    let end = page.suffix(200).split(separator: "\"next_cursor\":\"").last
                    cursor = end.flatMap { $0.hasSuffix("\"}") ? String($0.dropLast(2)) : nil }
                }
            }
            let percentiles = Percentiles(nanoseconds: latencies)
            return .object([
                ("tasks", .integer(tasks)), ("kind", .text(kind.name)),
                ("found", .number(Double(found) / Double(requests))),
                ("p50_ms", .number(percentiles.p50)), ("p99_ms", .number(percentiles.p99)),
                ("max_ms", .number(percentiles.max)),
            ])
        }
    }
}
