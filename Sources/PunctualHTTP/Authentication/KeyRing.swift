// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import JWTKit

/// The keys that tokens are signed with: a secret, and a set that is fetched and may rotate.
///
/// The set is fetched with the first token and again when it is old, or when a token is signed by a
/// key that it does not hold, but never twice within ten seconds: strangers must not be able to make
/// this process fetch at their will. While it cannot be fetched the old keys stay good.
actor KeyRing {
    /// How long a fetched set is used without a look at whether it has changed.
    private static let maximumAge = Duration.seconds(300)
    /// How long after an attempt to fetch the next one is made at the soonest.
    private static let minimumInterval = Duration.seconds(10)

    private let secret: String?
    private let fetch: (@Sendable () async throws -> String)?
    private var keys: JWTKeyCollection
    private var fetchedAt: ContinuousClock.Instant?
    private var triedAt: ContinuousClock.Instant?
    private var fetching: Task<Void, Never>?

    init(secret: String?, fetch: (@Sendable () async throws -> String)?) async {
        (self.secret, self.fetch) = (secret, fetch)
        keys = await Self.collection(secret)
    }

    /// What a token says, once its signature is found to be right.
    func claims(of token: String) async throws -> TokenClaims {
        if let fetchedAt {
            if fetchedAt.duration(to: .now) > Self.maximumAge { await refresh() }
        } else {
            await refresh()
        }
        if secret == nil, fetchedAt == nil {
            throw HTTPProblem(
                .serviceUnavailable,
                "The keys of the tokens' issuer cannot be fetched; try again."
            )
        }
        do {
            return try await keys.verify(token, iteratingKeys: true)
        } catch {
            guard await refresh() else { throw error }
            return try await keys.verify(token, iteratingKeys: true)
        }
    }

    /// Fetches the set anew, unless there is none or it has just been tried.
    ///
    /// - Returns: whether there may be other keys now.
    @discardableResult
    private func refresh() async -> Bool {
        guard let fetch else { return false }
        if let fetching {
            await fetching.value
            return true
        }
        if let triedAt, triedAt.duration(to: .now) < Self.minimumInterval { return false }
        triedAt = .now
        let task = Task {
            // What cannot be fetched or read leaves the old keys in force, and is tried again.
            guard let text = try? await fetch(),
                let fresh = try? await Self.collection(secret).add(jwksJSON: text)
            else { return }
            (keys, fetchedAt) = (fresh, .now)
        }
        fetching = task
        await task.value
        fetching = nil
        return true
    }

    private static func collection(_ secret: String?) async -> JWTKeyCollection {
        let keys = JWTKeyCollection()
        if let secret {
            await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        }
        return keys
    }
}
