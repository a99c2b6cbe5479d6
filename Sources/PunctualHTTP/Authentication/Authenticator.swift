// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import PunctualCore

/// Says whose request it is.
package protocol Authenticator: Sendable {
    /// The user who sent a request with these header fields.
    ///
    /// - Throws: a ``Problem`` when nobody is known by them.
    func user(of fields: HTTPFields) async throws -> User
}

/// The authentication of a server that has none: every request is the same user's.
package struct SingleUser: Authenticator {
    /// That user.
    package let user: User

    /// Creates it for a user, `dev` when none is named.
    package init(_ user: User = User(id: "dev")) { self.user = user }

    package func user(of fields: HTTPFields) async throws -> User { user }
}
