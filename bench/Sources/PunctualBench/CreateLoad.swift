// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Synchronization

/// Connections that create tasks with one reminder each, singly or in batches.
///
/// Open loop if each request has its instant: the next free connection sends it then, and its
/// latency is counted from that instant, so that a slow server cannot hide behind its own slowness.
/// Without instants the connections send as fast as answers come.
final class CreateLoad: Sendable {
    struct Plan: Sendable {
        /// What titles begin with; the index follows.
        var title = FiredEvent.titlePrefix
        /// The indices to create.
        var range: Range<Int>
        /// How many tasks go into one request; 1 uses `POST /api/tasks`.
        var batch = 1
        var connections = 8
        /// Header lines of the request that begins with an index, such as whose it is.
        var headers: @Sendable (Int) -> String = { _ in "" }
        /// Microseconds since the Unix epoch.
        var due: @Sendable (Int) -> Int64
        /// When to send the request that begins with an index, in nanoseconds; nil for at once.
        var sendAt: (@Sendable (Int) -> Int64)?
        /// When to stop, in nanoseconds, though indices remain.
        var stopAt: Int64 = .max
        /// Called with each index that was accepted.
        var accepted: @Sendable (Int) -> Void
    }

    private let plan: Plan
    private let next: Atomic<Int>
    private let latencies = Mutex<[Int64]>([])
    private let refusals = Mutex<(count: Int, first: String)>((0, ""))
    private let workers = Mutex<[Worker]>([])

    init(port: UInt16, plan: Plan) throws {
        self.plan = plan
        next = Atomic(plan.range.lowerBound)
        let started = try (0..<plan.connections).map { _ in
            try Worker { [self] in try self.work(port: port) }
        }
        workers.withLock { $0 = started }
    }

    /// Waits until everything has been sent and answered.
    ///
    /// - Returns: The latency of every request, in nanoseconds.
    func finish() throws -> [Int64] {
        let started = workers.withLock { workers in
            defer { workers = [] }
            return workers
        }
        for worker in started { try worker.join() }
        let (count, first) = refusals.withLock { $0 }
        if count > 0 { Progress.say("\(count) creates were refused; the first: \(first)") }
        return latencies.withLock { $0 }
    }

    private func work(port: UInt16) throws {
        let connection = try HTTPConnection(port: port)
        var own: [Int64] = []
        while true {
            let first = next.add(plan.batch, ordering: .relaxed).oldValue
            guard first < plan.range.upperBound, WallClock.nanoseconds < plan.stopAt else { break }
            let indices = first..<min(first + plan.batch, plan.range.upperBound)
            var began = WallClock.nanoseconds
            if let instant = plan.sendAt?(first) {
                WallClock.sleep(until: instant)
                began = instant
            }
            let response = try connection.send(
                "POST",
                plan.batch == 1 ? "/api/tasks" : "/api/tasks/batch",
                headers: plan.headers(first),
                body: body(of: indices)
            )
            own.append(WallClock.nanoseconds - began)
            note(response, indices)
        }
        latencies.withLock { $0 += own }
    }

    private func body(of indices: Range<Int>) -> [UInt8] {
        let tasks = indices.map { index in
            let due = WallInstant(microsecondsSinceEpoch: plan.due(index)).rfc3339
            return "{\"title\":\"\(plan.title)\(index)\",\"reminders\":[{\"at\":\"\(due)\"}]}"
        }
        let text = tasks.joined(separator: ",")
        return Array((plan.batch == 1 ? text : "[\(text)]").utf8)
    }

    private func note(_ response: HTTPConnection.Response, _ indices: Range<Int>) {
        if response.status == 201 || response.status == 200 {
            for index in indices { plan.accepted(index) }
            return
        }
        let text = String(decoding: response.body, as: UTF8.self)
        var refused = indices.count
        if response.status == 207 {
            for index in indices where text.contains("\"\(plan.title)\(index)\"") {
                plan.accepted(index)
                refused -= 1
            }
        }
        let count = refused
        let report = "\(response.status) \(text.prefix(300))"
        refusals.withLock { $0 = ($0.count + count, $0.count == 0 ? report : $0.first) }
    }
}

extension CreateLoad {
    /// Creates tasks whose reminders are due in a year, and are only there to wait.
    static func outstanding(_ range: Range<Int>, port: UInt16) throws {
        guard !range.isEmpty else { return }
        let count = range.count
        let began = WallClock.monotonicNanoseconds
        let base = WallClock.nanoseconds / 1_000 + 365 * 86_400 * 1_000_000
        let created = Counter()
        let load = try CreateLoad(
            port: port,
            plan: Plan(
                title: "later ",
                range: range,
                batch: 1_000,
                connections: 2,
                due: { base + Int64($0) * 1_000_000 },
                accepted: { _ in created.increment() }
            )
        )
        _ = try load.finish()
        let seconds = Double(WallClock.monotonicNanoseconds - began) / 1e9
        guard created.value == count else {
            throw BenchError("only \(created.value) of \(count) waiting reminders were accepted")
        }
        Progress.say("\(count) waiting reminders loaded in \(JSON.rounded(seconds)) s")
    }
}

/// A number that several threads raise.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment() {
        count.add(1, ordering: .relaxed)
    }
}
