// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PunctualCore

/// One request on its way through a handler, and what a handler asks of it.
struct Call: Sendable {
    let request: Request
    let context: EdgeContext
    private let knownUser: User?

    init(request: Request, context: EdgeContext, user: User?) {
        (self.request, self.context, knownUser) = (request, context, user)
    }

    /// Whose request it is; a route that is open to all never asks.
    var user: User {
        get throws {
            guard let knownUser else { throw HTTPProblem(.unauthorized, "Sign in first.") }
            return knownUser
        }
    }

    /// The id in the path; one that no task can have is not found rather than invalid.
    func id(_ name: String = "id") throws -> Int64 {
        let text = context.parameters.get(name) ?? ""
        guard text.utf8.first.map({ (0x30...0x39).contains($0) }) == true, let id = Int64(text)
        else { throw Problem(.notFound, "Nothing has the id \(quoted(text)).") }
        return id
    }

    /// Whether the client came by HTTPS, as the proxy in front of this server says.
    var isSecure: Bool { request.headers[named: "X-Forwarded-Proto"]?.lowercased() == "https" }

    /// The whole address of a path of this server, by the name that the client knows it by.
    func address(_ path: String) -> String {
        "\(isSecure ? "https" : "http")://\(request.head.authority ?? "localhost")\(path)"
    }

    /// The version that `If-Match` asks for; nil when it is absent or `*`.
    var ifMatch: Int64? {
        get throws {
            guard let field = request.headers[.ifMatch], field != "*" else { return nil }
            let tag = field.hasPrefix("W/") ? field.dropFirst(2) : field[...]
            guard tag.count > 2, tag.first == "\"", tag.last == "\"",
                let version = Int64(tag.dropFirst().dropLast())
            else {
                throw HTTPProblem(
                    .preconditionFailed,
                    .header("If-Match"),
                    "Send one ETag as this API gives it, such as \"3\", or *."
                )
            }
            return version
        }
    }

    /// The whole body, when it is of a media type that is accepted.
    ///
    /// At most `limit` bytes are taken. `accepts` are the media types, without parameters; a body
    /// may also come without any.
    func body(limit: Int, accepts: [String]) async throws -> [UInt8] {
        if let coding = request.headers[.contentEncoding], coding != "identity" {
            throw HTTPProblem(
                .unsupportedMediaType,
                .header("Content-Encoding"),
                "Send the body uncompressed."
            )
        }
        if let field = request.headers[.contentType] {
            let type = field.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
            guard accepts.contains(type) else {
                throw HTTPProblem(
                    .unsupportedMediaType,
                    .header("Content-Type"),
                    "Send \(accepts.joined(separator: " or ")), not \(quoted(type))."
                )
            }
        }
        let tooLarge = HTTPProblem(.contentTooLarge, "The body may have \(limit) bytes.")
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw tooLarge
        }
        do {
            let buffer = try await request.body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError { throw tooLarge }
    }

    /// The whole body, as the value of JSON that it is.
    func json(limit: Int) async throws -> (bytes: [UInt8], value: JSONValue) {
        let bytes = try await body(limit: limit, accepts: ["application/json"])
        do {
            return (bytes, try JSONReader.read(bytes))
        } catch {
            throw HTTPProblem(
                .badRequest,
                .pointer(""),
                "The body is not the JSON that it should be, at byte \(error.offset): "
                    + error.reason
            )
        }
    }
}

/// A text from outside in a message: shortened, and in quotes.
func quoted(_ text: some StringProtocol) -> String {
    let short = text.unicodeScalars.prefix(80)
    return
        "\"\(String(String.UnicodeScalarView(short)))\(short.count < text.unicodeScalars.count ? "…" : "")\""
}
