// SPDX-License-Identifier: Apache-2.0

/// Decides what the answers on one connection mean for the requests in its pipeline.
///
/// A request is a row of steps followed by one Sync. Each step is answered once; after a failure
/// the server skips the rest up to the Sync. A request is finished only by its Sync, because that
/// is where its transaction commits.
///
/// ```
/// Parse₁ Execute₁ Execute₂ Sync │ Execute₃ Sync │ …      sent
///   ok     rows    failed  sync │   rows   sync │        answered
/// ```
///
/// Statements count as prepared from the moment their preparation is sent, and are forgotten if
/// it fails.
struct ConnectionStateMachine<Request, Answer> {
    /// One thing to send, in order.
    enum Step: Equatable {
        case prepare(command: Int, serverName: String)
        case execute(command: Int, serverName: String)
        case executeUnprepared(command: Int)
    }

    /// What the server said about the step at the front.
    enum Event {
        case completed(Answer)
        case failed(PostgresError, isFatal: Bool)
        case skipped
        case synchronised
    }

    /// How a request ended.
    enum Outcome {
        case succeeded(Request, [Answer])
        case failed(Request, PostgresError)
        /// Its plan was stale or unknown to the server; it had no effect and may be sent again.
        case stale(Request, PostgresError)
    }

    private struct Prepared {
        let serverName: String
        let types: [UInt32]
    }

    private struct Entry {
        let request: Request
        let statements: [String]
        let steps: [Step]
        var nextStep = 0
        var answers: [Answer] = []
        var failure: PostgresError?
        var isStale = false
    }

    /// The most statements a connection keeps prepared; more are sent unprepared.
    static var maximumPrepared: Int { 1_000 }

    private var prepared: [String: Prepared] = [:]
    private var preparations = 0
    private var entries: [Entry] = []
    private var isEndedByServer = false

    /// How many requests are in flight.
    var load: Int { entries.count }
    /// The request that the server is working on.
    var front: Request? { entries.first?.request }
    /// All requests in flight.
    var requests: [Request] { entries.map(\.request) }

    /// Adds a request at the end of the pipeline.
    ///
    /// - Returns: what to send before its Sync.
    mutating func send(
        _ request: Request,
        _ commands: [(statement: PostgresStatement, types: [UInt32])]
    ) -> [Step] {
        var steps: [Step] = []
        for (index, command) in commands.enumerated() {
            let name = command.statement.name
            if name.isEmpty {
                steps.append(.executeUnprepared(command: index))
            } else if let known = prepared[name], known.types == command.types {
                steps.append(.execute(command: index, serverName: known.serverName))
            } else if prepared.count < Self.maximumPrepared || prepared[name] != nil {
                // A new name each time, for a stale statement keeps its old one.
                preparations += 1
                let serverName = "s\(preparations)"
                prepared[name] = Prepared(serverName: serverName, types: command.types)
                steps.append(.prepare(command: index, serverName: serverName))
                steps.append(.execute(command: index, serverName: serverName))
            } else {
                steps.append(.executeUnprepared(command: index))
            }
        }
        entries.append(
            Entry(request: request, statements: commands.map(\.statement.name), steps: steps)
        )
        return steps
    }

    /// Takes the server's next answer.
    ///
    /// - Returns: how the request at the front ended, if it did.
    mutating func received(_ event: Event) -> Outcome? {
        guard !entries.isEmpty else { return nil }
        switch event {
        case .completed(let answer):
            if case .prepare = step() {} else { entries[0].answers.append(answer) }
            entries[0].nextStep += 1
        case .failed(let error, let isFatal):
            isEndedByServer = isEndedByServer || isFatal
            // A request that is done may have been committed before the session was ended.
            if !isFatal || step() != nil { fail(with: error) }
        case .skipped:
            forgetPreparation()
            entries[0].nextStep += 1
        case .synchronised:
            return finish(entries.removeFirst())
        }
        return nil
    }

    /// Ends everything in flight because the connection is gone.
    ///
    /// A request is ambiguous if the server may have committed it: not if it failed before, nor
    /// if the server said that it was ending the session before the request was done.
    mutating func lost() -> [(Request, PostgresError)] {
        let lost = entries.enumerated().map { index, entry in
            if let failure = entry.failure { return (entry.request, failure) }
            let isDone = entry.nextStep == entry.steps.count
            let isSpared = isEndedByServer && (index > 0 || !isDone)
            return (entry.request, PostgresError.connectionLost(isAmbiguous: !isSpared))
        }
        entries = []
        return lost
    }

    private func step() -> Step? {
        let entry = entries[0]
        return entry.nextStep < entry.steps.count ? entry.steps[entry.nextStep] : nil
    }

    private mutating func forgetPreparation() {
        guard case .prepare(let command, let serverName) = step() else { return }
        let name = entries[0].statements[command]
        if prepared[name]?.serverName == serverName { prepared[name] = nil }
    }

    private mutating func fail(with error: PostgresError) {
        forgetPreparation()
        if case .execute(let command, let serverName) = step(), Self.meansStale(error) {
            let isNew = entries[0].steps.contains(
                .prepare(command: command, serverName: serverName)
            )
            let name = entries[0].statements[command]
            if prepared[name]?.serverName == serverName { prepared[name] = nil }
            entries[0].isStale = !isNew
        }
        if entries[0].failure == nil { entries[0].failure = error }
        entries[0].nextStep += 1
    }

    /// `invalid_sql_statement_name`, and `feature_not_supported`, which is what "cached plan must
    /// not change result type" is reported as.
    private static func meansStale(_ error: PostgresError) -> Bool {
        error.sqlState == "26000" || error.sqlState == "0A000"
    }

    private func finish(_ entry: Entry) -> Outcome {
        if let failure = entry.failure {
            return entry.isStale
                ? .stale(entry.request, failure) : .failed(entry.request, failure)
        }
        return .succeeded(entry.request, entry.answers)
    }
}

extension ConnectionStateMachine.Outcome: Sendable where Request: Sendable, Answer: Sendable {}
