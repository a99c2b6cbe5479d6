// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import HTTPTypes
internal import Hummingbird

/// The sign-in of the page: its token in a cookie that no script can read, and a proof in another.
///
/// A page of this server reads the proof and repeats it in `X-CSRF-Token` with every change; a page
/// of another site can make a browser send both cookies, but can read neither. The proof is the
/// digest of the token, so that any process can check it and nobody can make it up.
enum SessionCookie {
    private static let session = "punctual_session"
    private static let proof = "punctual_csrf"
    private static let changeless: Set<HTTPRequest.Method> = [.get, .head, .options]

    /// The token of the cookie, when the request has one and no `Authorization` beside it.
    static func token(in fields: HTTPFields) -> String? {
        guard fields[.authorization] == nil else { return nil }
        for field in fields[values: .cookie] {
            for pair in field.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == session { return String(parts[1]) }
            }
        }
        return nil
    }

    /// Makes sure that a change which is signed in by cookie was sent by a page of this server.
    static func check(_ request: Request, _ origins: OriginGuard) throws(HTTPProblem) {
        guard let token = token(in: request.headers), !changeless.contains(request.method) else {
            return
        }
        try origins.check(request)
        guard request.headers[named: "X-CSRF-Token"] == digest(of: token) else {
            throw HTTPProblem(
                .forbidden,
                .header("X-CSRF-Token"),
                "Repeat the value of the cookie \(proof), or send the token as a bearer token."
            )
        }
    }

    /// The fields that keep a token, for as many seconds as it lasts or else as long as the browser
    /// runs; without a token, those that forget it.
    static func fields(keeping token: String?, for seconds: Int64? = nil, isSecure: Bool)
        -> HTTPFields
    {
        let end = "Path=/; SameSite=Strict" + (isSecure ? "; Secure" : "")
        let life = (token == nil ? 0 : seconds).map { "; Max-Age=\(max(0, $0))" } ?? ""
        let value = token.map { digest(of: $0) } ?? ""
        var fields = HTTPFields()
        fields.append(
            HTTPField(name: .setCookie, value: "\(session)=\(token ?? ""); HttpOnly; \(end)\(life)")
        )
        fields.append(HTTPField(name: .setCookie, value: "\(proof)=\(value); \(end)\(life)"))
        return fields
    }

    private static func digest(of token: String) -> String {
        SHA256.hash(data: Array("punctual csrf \(token)".utf8))
            .map { String($0, radix: 16) }.joined(separator: "-")
    }
}
