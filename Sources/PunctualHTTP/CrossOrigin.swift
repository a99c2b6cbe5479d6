// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird

/// Lets pages of other sites read answers, those that are named and no others (Fetch §3.2).
///
/// They sign in with a token: cookies are never taken from them.
struct CrossOrigin: Sendable {
    let allowed: Set<String>

    /// The answer to the question that a browser asks before such a page's request.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, let origin = request.headers[.origin],
            allowed.contains(origin),
            request.headers[named: "Access-Control-Request-Method"] != nil
        else { return nil }
        var response = Response(status: .noContent)
        response.headers[named: "Access-Control-Allow-Methods"] =
            "GET, HEAD, POST, PUT, PATCH, DELETE"
        response.headers[named: "Access-Control-Allow-Headers"] =
            "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID"
        response.headers[named: "Access-Control-Max-Age"] = "3600"
        return response
    }

    /// Says that a page may read the answer, if it may.
    func mark(_ response: inout Response, to request: Request) {
        guard !allowed.isEmpty else { return }
        response.headers.append(HTTPField(name: .vary, value: "Origin"))
        guard let origin = request.headers[.origin], allowed.contains(origin) else { return }
        response.headers[named: "Access-Control-Allow-Origin"] = origin
        response.headers[named: "Access-Control-Expose-Headers"] =
            "ETag, Location, Retry-After, Idempotency-Replayed"
    }
}
