// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import Synchronization

/// The users that are known to be in the database as their tokens say, so that each is written once.
final class KnownUsers: Sendable {
    /// How many are remembered; then all are forgotten, and written once more.
    private static let maximumCount = 100_000

    private let users = Mutex<Set<User>>([])

    /// Whether the user, with this e-mail address, has not been seen yet.
    func isNews(_ user: User) -> Bool { users.withLock { !$0.contains(user) } }

    /// Remembers a user.
    func insert(_ user: User) {
        users.withLock { users in
            if users.count >= Self.maximumCount { users.removeAll() }
            users.insert(user)
        }
    }
}
