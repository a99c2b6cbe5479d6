// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import PunctualCore

/// Where a secret is in a secret store of Dapr, as `dapr://store/key` says it.
package struct DaprSecretReference: Sendable, Hashable {
    /// What begins the value of a setting that is kept there.
    package static let scheme = "dapr://"

    /// The name of the secret store component.
    package let store: String
    /// The name of the secret in it.
    package let key: String

    /// Reads `dapr://store/key`; nil when it is not of this form.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.scheme) else { return nil }
        let parts = text.dropFirst(Self.scheme.count).split(
            separator: "/",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
        (store, key) = (String(parts[0]), String(parts[1]))
    }

    /// Whether a part needs no escape in the path of a URL.
    private static func isName(_ part: Substring) -> Bool {
        !part.isEmpty && part != "." && part != ".."
            && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~".contains($0)) }
    }
}

extension DaprSidecar {
    /// Waits until the sidecar can be used.
    ///
    /// - Throws: ``DaprError`` when that took longer than `seconds`.
    package func waitUntilReady(seconds: Int64) async throws {
        let end = NIODeadline.now() + .seconds(seconds)
        while true {
            await check()
            guard let problem else { return }
            guard NIODeadline.now() < end else {
                throw DaprError(description: "after \(seconds) s \(problem)")
            }
            try await HTTPClient.defaultEventLoopGroup.any()
                .scheduleTask(in: .milliseconds(200)) {}.futureResult.get()
        }
    }

    /// The value of a secret.
    ///
    /// A secret may have several fields, as those of Kubernetes have. The one meant is named like
    /// the secret, or like `setting`, or is the only one.
    ///
    /// - Throws: ``DaprError`` that says what to do; it holds no value.
    package func secret(_ reference: DaprSecretReference, setting: String) async throws -> String {
        let answer = try await send(
            .GET,
            "/v1.0/secrets/\(reference.store)/\(reference.key)",
            api: .secrets
        )
        switch answer.status {
        case 200: break
        case 204:
            throw DaprError(description: "the secret store has no secret of this name")
        case 403:
            throw DaprError(
                description: "the sidecar may not read it; allow it in the Configuration's "
                    + "secrets.scopes"
            )
        case 401:
            throw DaprError(
                description: "the sidecar has no secret store \"\(reference.store)\", or "
                    + "DAPR_API_TOKEN is not its token: \(answer.excerpt)"
            )
        default:
            throw DaprError(description: "the sidecar answered \(answer.status): \(answer.excerpt)")
        }
        // What it says is not shown: it may hold the secret.
        guard case .object(let members)? = try? JSONReader.read(answer.body) else {
            throw DaprError(description: "the sidecar answered with something else than an object")
        }
        let fields = members.compactMap { member -> (String, String)? in
            if case .string(let text) = member.value { (member.name, text) } else { nil }
        }
        let field =
            fields.first { $0.0 == reference.key } ?? fields.first { $0.0 == setting }
            ?? (fields.count == 1 ? fields.first : nil)
        guard let field else {
            throw DaprError(
                description:
                    "the secret has the fields \(fields.map(\.0).joined(separator: ", ")); "
                    + "one of them has to be named \(setting)"
            )
        }
        return field.1
    }
}
