// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

/// An `Idempotency-Key` and what was sent under it.
struct Idempotency: Sendable {
    private let shard: Int16
    private let userID: String
    private let path: String
    let key: String
    /// SHA-256 of method, path and body, in hexadecimal.
    let fingerprint: String

    /// Reads the key of a request; nil when it has none.
    init?(_ call: Call, body: [UInt8], shard: Int16) throws {
        guard let key = call.request.headers[named: "Idempotency-Key"] else { return nil }
        guard (1...BodyLimits.idempotencyKey).contains(key.utf8.count) else {
            throw HTTPProblem(
                .unprocessableContent,
                .header("Idempotency-Key"),
                "Send 1 to \(BodyLimits.idempotencyKey) characters, such as a UUID."
            )
        }
        (self.key, self.shard, userID) = (key, shard, try call.user.id)
        path = call.request.uri.path
        var hasher = SHA256()
        // The body comes last, after two line feeds that neither method nor path can contain.
        hasher.update(data: Array("\(call.request.method)\n\(call.request.uri)\n".utf8))
        hasher.update(data: body)
        fingerprint = hasher.finalize().map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// The answer to keep under the key.
    func remembering(status: HTTPResponse.Status, body: String) -> RememberedAnswer {
        RememberedAnswer(
            shard: shard,
            userID: userID,
            key: key,
            fingerprint: fingerprint,
            status: status.code,
            body: body
        )
    }

    /// The answer kept under the key, given again.
    ///
    /// - Throws: a problem when the key was used for another request.
    func replay(_ answer: RememberedAnswer) throws(HTTPProblem) -> Response {
        guard answer.fingerprint == fingerprint else {
            throw HTTPProblem(
                .unprocessableContent,
                .header("Idempotency-Key"),
                "This key was used for another request; use a new key for each."
            )
        }
        var response = Response(
            status: HTTPResponse.Status(code: answer.status),
            jsonText: answer.body
        )
        response.headers[named: "Idempotency-Replayed"] = "true"
        // What was created says its id and version, from which these fields follow again.
        let body = try? JSONReader.read(Array(answer.body.utf8))
        if answer.status == 201, case .integer(let id)? = body?["id"] {
            response.headers[.location] = "\(path)/\(id)"
            if case .integer(let version)? = body?["version"] {
                response.headers[.eTag] = "\"\(version)\""
            }
        }
        return response
    }
}

extension Call {
    /// Answers a request once for each key: a repeat gets what the first one got.
    ///
    /// `perform` answers the first, and makes the store remember the answer with what it wrote.
    func idempotently(
        body: [UInt8],
        tasks: TaskService,
        _ perform: (Idempotency?) async throws -> Response
    ) async throws -> Response {
        let user = try user
        guard let idempotency = try Idempotency(self, body: body, shard: tasks.shard(of: user))
        else { return try await perform(nil) }
        if let answer = try await tasks.answer(under: idempotency.key, user: user) {
            return try idempotency.replay(answer)
        }
        do {
            return try await perform(idempotency)
        } catch TaskStoreError.answered(let answer) {
            return try idempotency.replay(answer)
        }
    }
}
