// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a server answered to one request.
struct HTTPAnswer: Sendable {
    var status: Int
    /// By name in lower case.
    var headers: [String: String]
    var body: String

    /// Sends a request on a connection of its own, and waits for all of the answer.
    static func to(
        _ method: String,
        _ target: String,
        port: UInt16,
        headers: [String: String] = [:],
        body: [UInt8] = []
    ) async throws -> HTTPAnswer {
        try await blocking {
            let socket = try LoopbackSocket(connectingTo: port)
            try socket.send(request(method, target, headers, body))
            var received: [UInt8] = []
            while true {
                let bytes = try socket.receive()
                if bytes.isEmpty { break }
                received += bytes
            }
            return try HTTPAnswer(received)
        }
    }

    /// The bytes of a request after whose answer the server closes the connection.
    static func request(
        _ method: String,
        _ target: String,
        _ headers: [String: String],
        _ body: [UInt8] = []
    ) -> [UInt8] {
        let fields = [
            "Host": "localhost", "Connection": "close", "Content-Length": "\(body.count)",
        ].merging(headers) { $1 }
        let lines = fields.map { "\($0): \($1)\r\n" }.joined()
        return Array("\(method) \(target) HTTP/1.1\r\n\(lines)\r\n".utf8) + body
    }

    /// Reads an answer that came whole; one that broke off is an error.
    private init(_ bytes: [UInt8]) throws {
        let message = HTTPMessage(bytes)
        let words = message?.startLine.split(separator: " ") ?? []
        guard let message, words.count > 1, let status = Int(words[1]), message.isWhole else {
            throw TestFailure(
                description: "no whole answer, but \(String(decoding: bytes, as: UTF8.self))"
            )
        }
        (self.status, headers, body) = (status, message.headers, message.body)
    }

    /// The body, as JSON in snake_case.
    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder.snakeCase.decode(type, from: Data(body.utf8))
    }
}

/// A request or an answer as its bytes say.
struct HTTPMessage {
    var startLine: Substring
    var headers: [String: String] = [:]
    var body: String

    /// Nil while the head is not there whole.
    init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let first = lines.first else { return nil }
        startLine = first
        body = String(text[end.upperBound...])
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
    }

    /// Whether the body has the length that the head says.
    var isWhole: Bool { body.utf8.count >= headers["content-length"].flatMap { Int($0) } ?? 0 }
}

extension JSONDecoder {
    /// Reads names in snake_case.
    static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}
