// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// Checks Punctual's promises from outside: one subcommand for each question.
@main
struct PunctualBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "punctual-bench",
        abstract: "Checks Punctual's promises from outside, one subcommand a question.",
        discussion: """
            The subcommands that need a server start a private PostgreSQL and a real `punctual \
            serve`, drive it over HTTP, receive over Server-Sent Events, and take the time on the \
            client's side of the socket. A bad figure is a result, not an error: the exit status \
            is 0 unless the run itself failed.
            """,
        subcommands: [
            AccuracyCommand.self, HerdCommand.self, IngestCommand.self, ScaleCommand.self,
            RestartCommand.self, FailoverCommand.self, RecurrenceCommand.self,
            WheelCommand.self, SoakCommand.self, QueriesCommand.self, EnginesCommand.self,
        ]
    )
}

/// What every subcommand takes.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object instead of the table.")
    var json = false
}

/// What every subcommand takes whose result is a distribution of lateness.
struct PageOptions: ParsableArguments {
    @Option(help: "Also write one HTML page with the histogram and the timeline to this file.")
    var html: String?
}

/// What every subcommand takes that drives a server.
struct ServerOptions: ParsableArguments {
    @Option(help: "The punctual executable to test. (default: the clone's release build)")
    var server: String?

    @Option(help: "How many other reminders wait, due in a year, before the run begins.")
    var outstanding = 0

    @Flag(help: "Measure in the same run what the machine could do at best.")
    var limits = false

    /// The machine's limits, if they were asked for.
    ///
    /// `rate` is how many reminders a second the run has.
    func measureLimits(_ server: PunctualServer, rate: Int = 1_000) throws -> MachineLimits? {
        limits ? try MachineLimits(server.cluster, rate: rate) : nil
    }

    /// Runs `body` with a server, and leaves no process and no file behind.
    func withServer(
        environment: [String: String] = [:],
        _ body: (PunctualServer) throws -> Void
    ) throws {
        try Cleanup.watchSignals()
        defer { Cleanup.run() }
        let server = try PunctualServer(executable: executable, environment: environment)
        try CreateLoad.outstanding(0..<outstanding, port: server.port)
        try body(server)
    }

    func validate() throws {
        guard (0...20_000_000).contains(outstanding) else {
            throw ValidationError("--outstanding must be from 0 to 20000000.")
        }
    }

    /// The executable to test.
    var executable: String { server ?? Self.releaseBuild }

    /// `.build/release/punctual` of the clone that this source lies in.
    static var releaseBuild: String {
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/") + "/.build/release/punctual"
    }
}
