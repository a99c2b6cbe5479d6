// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import Logging
internal import PunctualCore

/// What a message of the Model Context Protocol is answered with.
enum MCPAnswer {
    /// A notification, or an answer of the client: nothing.
    case none
    /// The result of a request, or its error.
    case message(JSONWriter)
    /// Those of several requests.
    case batch(JSONWriter)
    /// An error that concerns no request that could be read.
    case refusal(JSONWriter)

    /// The codes of JSON-RPC 2.0 §5.1.
    enum ErrorCode: Int64 {
        case parseError = -32_700
        case invalidRequest = -32_600
        case methodNotFound = -32_601
        case invalidParams = -32_602
    }

    /// An error; one of a request whose id is known is an answer, any other a refusal.
    static func error(_ id: JSONValue, _ code: ErrorCode, _ message: String) -> Self {
        let writer = envelope(id) { writer in
            writer.name("error")
            writer.object { writer in
                writer.member("code", code.rawValue)
                writer.member("message", message)
            }
        }
        return id == .null ? .refusal(writer) : .message(writer)
    }

    /// A result, which `body` writes.
    static func result(_ id: JSONValue, _ body: (inout JSONWriter) -> Void) -> Self {
        .message(
            envelope(id) { writer in
                writer.name("result")
                body(&writer)
            }
        )
    }

    private static func envelope(
        _ id: JSONValue,
        _ body: (inout JSONWriter) -> Void
    ) -> JSONWriter {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("jsonrpc", "2.0")
            writer.name("id")
            id.write(to: &writer)
            body(&writer)
        }
        return writer
    }

    /// The message to be sent; nil when there is none.
    fileprivate var writer: JSONWriter? {
        switch self {
        case .none: nil
        case .message(let writer), .batch(let writer), .refusal(let writer): writer
        }
    }
}

/// Answers messages of the Model Context Protocol (JSON-RPC 2.0) with the tools of one user.
struct MCPServer {
    /// The versions of the protocol that are spoken, the newest first.
    static let versions = ["2025-06-18", "2025-03-26"]
    /// Messages of one batch, which version 2025-03-26 has.
    private static let maximumBatch = 50

    private static let instructions = """
        Tasks and reminders of the user. Times are RFC 3339, such as 2026-11-20T09:00:00Z; a local \
        time without an offset needs a timezone (an IANA name) beside it. Something that repeats \
        has an rrule (RFC 5545); look at its dates with preview_recurrence before adding it.
        """

    let tools: MCPTools
    /// The version of the program.
    let version: String
    let logger: Logger

    /// Answers a message, or each of a batch.
    func answer(_ message: JSONValue) async -> MCPAnswer {
        guard case .array(let messages) = message else { return await answerOne(message) }
        guard (1...Self.maximumBatch).contains(messages.count) else {
            return .error(
                .null,
                .invalidRequest,
                "A batch holds 1 to \(Self.maximumBatch) messages."
            )
        }
        var answers: [JSONWriter] = []
        for message in messages {
            if let answer = await answerOne(message).writer { answers.append(answer) }
        }
        guard !answers.isEmpty else { return .none }
        var writer = JSONWriter()
        writer.array { writer in for answer in answers { writer.raw(answer.text) } }
        return .batch(writer)
    }

    private func answerOne(_ message: JSONValue) async -> MCPAnswer {
        guard case .object = message, message["jsonrpc"] == .string("2.0") else {
            return .error(.null, .invalidRequest, "A message is a JSON-RPC 2.0 object.")
        }
        guard case .string(let method)? = message["method"] else {
            let isAnswer = message["result"] != nil || message["error"] != nil
            return isAnswer ? .none : .error(.null, .invalidRequest, "A request names a method.")
        }
        switch message["id"] {
        case nil: return .none
        case .string?, .integer?: break
        default: return .error(.null, .invalidRequest, "An id is a string or a whole number.")
        }
        let id = message["id"] ?? .null
        let parameters = message["params"] ?? .object([])
        guard case .object = parameters else {
            return .error(id, .invalidParams, "params should be an object.")
        }
        switch method {
        case "initialize": return initialize(id, parameters)
        case "ping": return .result(id) { $0.object { _ in } }
        case "tools/list":
            return .result(id) { writer in
                writer.object { writer in
                    writer.name("tools")
                    writer.array { writer in
                        for tool in MCPTool.allCases { tool.write(to: &writer) }
                    }
                }
            }
        case "tools/call": return await call(id, parameters)
        default: return .error(id, .methodNotFound, "There is no method \(quoted(method)).")
        }
    }

    /// Agrees on a version: the client's own if it is spoken here, and otherwise the newest.
    private func initialize(_ id: JSONValue, _ parameters: JSONValue) -> MCPAnswer {
        guard case .string(let asked)? = parameters["protocolVersion"] else {
            return .error(id, .invalidParams, "protocolVersion is missing.")
        }
        let agreed = Self.versions.contains(asked) ? asked : Self.versions[0]
        return .result(id) { writer in
            writer.object { writer in
                writer.member("protocolVersion", agreed)
                writer.name("capabilities")
                writer.raw("{\"tools\":{\"listChanged\":false}}")
                writer.name("serverInfo")
                writer.object { writer in
                    writer.member("name", "punctual")
                    writer.member("title", "Punctual")
                    writer.member("version", version)
                }
                writer.member("instructions", Self.instructions)
            }
        }
    }

    /// Calls a tool; what goes wrong in it is a result that the agent can read and act upon.
    private func call(_ id: JSONValue, _ parameters: JSONValue) async -> MCPAnswer {
        guard case .string(let name)? = parameters["name"], let tool = MCPTool(rawValue: name)
        else {
            let names = MCPTool.allCases.map(\.rawValue).joined(separator: ", ")
            return .error(id, .invalidParams, "There is no such tool; there are \(names).")
        }
        var content: JSONWriter
        var isError = false
        do {
            content = try await tools.call(tool, parameters["arguments"] ?? .object([]))
        } catch {
            let problem = HTTPProblem(error)
            if problem.status.kind == .serverError {
                logger.error("tool failed", metadata: ["tool": "\(name)", "error": "\(error)"])
            }
            content = JSONWriter()
            problem.write(to: &content)
            isError = true
        }
        return .result(id) { writer in
            writer.object { writer in
                writer.name("content")
                writer.array { writer in
                    writer.object { writer in
                        writer.member("type", "text")
                        writer.member("text", content.text)
                    }
                }
                writer.name("structuredContent")
                writer.raw(content.text)
                writer.member("isError", isError)
            }
        }
    }
}
