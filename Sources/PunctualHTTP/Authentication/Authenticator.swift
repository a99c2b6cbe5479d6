// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import PunctualCore
package import PunctualTime

/// Says whose request it is.
package protocol Authenticator: Sendable {
    /// The user who sent a request with these header fields.
    ///
    /// - Throws: a ``Problem`` when nobody is known by them.
    func user(of fields: HTTPFields) async throws -> User
    /// When a token that is believed ends; nil when it does not say so.
    func expiry(of token: String) async -> WallInstant?
}

extension Authenticator {
    /// Nothing, where tokens do not end by themselves.
    package func expiry(of token: String) async -> WallInstant? { nil }
}

/// The authentication of a server that has none: every request is the same user's.
package struct SingleUser: Authenticator {
    /// That user.
    package let user: User

    /// Creates it for a user, `dev` when none is named.
    package init(_ user: User = User(id: "dev")) { self.user = user }

    package func user(of fields: HTTPFields) async throws -> User { user }
}
