// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualKafka

/// Three brokers of librdkafka's mock cluster, in a process of their own.
final class MockCluster: Sendable {
    /// Keys of Kafka's requests, for injected errors.
    enum Request: Int {
        case produce = 0, fetch = 1, joinGroup = 11, heartbeat = 12, initProducer = 22
    }
    /// `OUT_OF_ORDER_SEQUENCE_NUMBER`, which ends an idempotent producer.
    static let outOfOrder = 45

    private let process: Process
    private let input: FileHandle
    private let output: FileHandle
    let brokers: String

    /// Starts the cluster, with the topics that Punctual expects.
    init() throws {
        process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
            .deletingLastPathComponent().appending(path: "KafkaMock")
        let (toProcess, fromProcess) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (toProcess, fromProcess)
        process.standardError = FileHandle.nullDevice
        (input, output) = (toProcess.fileHandleForWriting, fromProcess.fileHandleForReading)
        try process.run()
        brokers = Self.line(output)
        for topic in KafkaTopic.all { try tell("create \(topic.name) \(topic.partitions)") }
    }

    deinit {
        // It keeps nothing, so there is nothing to wait for.
        process.terminate()
    }

    /// Sends a command, and returns when it is obeyed.
    func tell(_ command: String) throws {
        try input.write(contentsOf: Data((command + "\n").utf8))
        let answer = Self.line(output)
        guard answer == "ok" else { throw Refusal(description: "\(command): \(answer)") }
    }

    /// Answers the next requests of a kind with errors.
    func fail(_ request: Request, with codes: [Int]) throws {
        try tell("errors \(request.rawValue) \(codes.map(String.init).joined(separator: " "))")
    }

    struct Refusal: Error, CustomStringConvertible { let description: String }

    private static func line(_ handle: FileHandle) -> String {
        var bytes: [UInt8] = []
        while let byte = handle.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Runs kcat, a foreign client, over a whole topic.
///
/// - Returns: the lines that `format` makes of the messages.
func kcat(_ cluster: MockCluster, _ topic: String, _ format: String) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/kcat")
    process.arguments = [
        "-b", cluster.brokers, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f",
        format + "\n",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
}
