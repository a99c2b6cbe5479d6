// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import JWTKit
import PunctualCore
import PunctualTime
import Synchronization
import Testing

@testable import PunctualHTTP

@Suite struct TokenAuthenticatorTests {
    private static let now = WallInstant(secondsSinceEpoch: 1_800_000_000)
    private static let secret = "a secret that is longer than thirty-two bytes"

    /// What the token of a test says; nothing is checked here.
    private struct Payload: JWTPayload {
        var sub = "ada"
        var email: String? = "ada@example.org"
        var exp: Int? = 1_800_000_060
        var nbf: Int?
        var aud: [String]?
        var iss: String?
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    private func signed(_ payload: Payload = Payload(), secret: String = secret) async throws
        -> String
    {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        return try await keys.sign(payload)
    }

    private func authenticator(
        _ edit: (inout TokenConfiguration) -> Void,
        registered: @escaping @Sendable (User) -> Void = { _ in }
    ) async -> TokenAuthenticator {
        var configuration = TokenConfiguration()
        edit(&configuration)
        return await TokenAuthenticator(configuration, clock: { Self.now }, register: registered)
    }

    private func bearer(_ token: String) -> HTTPFields { [.authorization: "Bearer \(token)"] }

    @Test func `says when a token ends that is believed`() async throws {
        let authenticator = await authenticator { $0.secret = Self.secret }
        let ending = try await authenticator.expiry(of: signed())
        #expect(ending == WallInstant(secondsSinceEpoch: 1_800_000_060))
        #expect(try await authenticator.expiry(of: signed(Payload(exp: nil))) == nil)
        let forged = try await signed(secret: "another secret that is longer than that")
        #expect(await authenticator.expiry(of: forged) == nil)
    }

    @Test func `knows the user of a token, and registers each once`() async throws {
        let registered = Mutex<[User]>([])
        let authenticator = await authenticator {
            $0.secret = Self.secret
        } registered: { user in
            registered.withLock { $0.append(user) }
        }
        for _ in 0..<3 {
            let user = try await authenticator.user(of: bearer(signed()))
            #expect(user == User(id: "ada", email: "ada@example.org"))
        }
        #expect(registered.withLock { $0.count } == 1)
    }

    @Test func `refuses what is expired, early, forged, foreign or no token`() async throws {
        let authenticator = await authenticator {
            ($0.secret, $0.audience, $0.issuer) = (Self.secret, "punctual", "https://id.example")
        }
        var good = Payload()
        (good.aud, good.iss) = (["other", "punctual"], "https://id.example")
        #expect(try await authenticator.user(of: bearer(signed(good))).id == "ada")
        let edits: [(inout Payload) -> Void] = [
            { $0.exp = 1_799_999_970 }, { $0.nbf = 1_800_000_031 }, { $0.aud = ["other"] },
            { $0.aud = nil }, { $0.iss = "https://evil.example" }, { $0.sub = "" },
            { $0.sub = String(repeating: "x", count: 256) },
        ]
        var fields: [HTTPFields] = [
            [:], [.authorization: "Basic YTpi"], bearer(""), bearer("a.b.c"),
        ]
        for edit in edits {
            var payload = good
            edit(&payload)
            fields.append(bearer(try await signed(payload)))
        }
        fields.append(bearer(try await signed(good, secret: "another secret of thirty-two bytes")))
        let parts = try await signed(good).split(separator: ".")
        // {"alg":"none","typ":"JWT"}
        fields.append(bearer("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\(parts[1])."))
        fields.append(bearer("\(parts[0]).\(parts[1])."))
        for field in fields {
            await #expect {
                _ = try await authenticator.user(of: field)
            } throws: { error in
                let problem = try #require(error as? HTTPProblem)
                return problem.status == .unauthorized
                    && problem.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true
            }
        }
    }

    @Test func `fetches the key set, follows its rotation, and survives its absence`() async throws
    {
        let old = ES256PrivateKey()
        let new = ES256PrivateKey()
        let stranger = ES256PrivateKey()
        let published = Mutex<String?>(try keySet([("old", old)]))
        let fetches = Mutex(0)
        let authenticator = await authenticator {
            $0.fetchKeys = {
                fetches.withLock { $0 += 1 }
                guard let text = published.withLock({ $0 }) else { throw URLError(.timedOut) }
                return text
            }
        }
        #expect(try await authenticator.user(of: bearer(signed(by: old, "old"))).id == "ada")
        published.withLock { $0 = nil }
        #expect(try await authenticator.user(of: bearer(signed(by: old, "old"))).id == "ada")
        for _ in 0..<5 {
            await #expect(throws: (any Error).self) {
                _ = try await authenticator.user(of: bearer(signed(by: stranger, "x")))
            }
        }
        // Strangers cannot make it fetch at their will.
        #expect(fetches.withLock { $0 } == 1)
        let fresh = await self.authenticator { [text = try keySet([("new", new)])] in
            $0.fetchKeys = { text }
        }
        #expect(try await fresh.user(of: bearer(signed(by: new, "new"))).id == "ada")
        await #expect(throws: (any Error).self) {
            _ = try await fresh.user(of: bearer(signed(by: old, "old")))
        }
        // A key set is public: nothing that is signed with its text as a secret is believed.
        let confused = try await signed(secret: keySet([("new", new)]))
        await #expect(throws: (any Error).self) { _ = try await fresh.user(of: bearer(confused)) }
    }

    private func signed(by key: ES256PrivateKey, _ kid: String) async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: key, kid: JWKIdentifier(string: kid))
        return try await keys.sign(Payload(), kid: JWKIdentifier(string: kid))
    }

    private func keySet(_ keys: [(String, ES256PrivateKey)]) throws -> String {
        let items = try keys.map { kid, key in
            let parameters = try #require(key.publicKey.parameters)
            let (x, y) = (Self.urlSafe(parameters.x), Self.urlSafe(parameters.y))
            return """
                {"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"\(kid)",\
                "x":"\(x)","y":"\(y)"}
                """
        }
        return #"{"keys":[\#(items.joined(separator: ","))]}"#
    }

    private static func urlSafe(_ base64: String) -> String {
        base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
