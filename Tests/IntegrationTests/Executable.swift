// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The built executable, run as a user runs it.
struct Executable {
    /// What a run left behind.
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String

        /// The lines of the output.
        var lines: [Substring] { output.split(separator: "\n") }
    }

    /// `punctual`, which the build puts beside the test runner.
    static let url = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "punctual")

    /// Runs it to its end, with `environment` added to PATH and TZDIR, all that it inherits.
    static func run(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:]
    ) throws -> Outcome {
        // Files rather than pipes: no size of input or output can make either side wait.
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // Left over, it does no harm.
        let files = ["in", "out", "err"].map { folder.appending(path: $0) }
        try input.write(to: files[0], atomically: false, encoding: .utf8)
        for file in files[1...] { try Data().write(to: file) }

        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.environment = inherited.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: try String(contentsOf: files[1], encoding: .utf8),
            errors: try String(contentsOf: files[2], encoding: .utf8)
        )
    }

    /// What of the environment of the tests the executable sees.
    static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { ["PATH", "TZDIR"].contains($0.key) }
    }
}
