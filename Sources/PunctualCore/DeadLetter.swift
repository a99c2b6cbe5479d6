// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A delivery that was given up.
package struct DeadLetter: Sendable {
    /// Identifies it; a later one has a higher id.
    package let id: Int64
    /// The event that was to be delivered.
    package let eventID: EventID
    /// The kind of way out, such as `webhook`.
    package let channel: String
    /// Where it was to go.
    package let target: String
    /// How often it was tried.
    package let attempts: Int
    /// What went wrong at first and in the end.
    package let firstError: String?, lastError: String
    /// When it was given up.
    package let deadAt: WallInstant
    /// The bare event, a JSON object.
    package let json: String

    /// Creates a dead letter from its parts.
    package init(
        id: Int64,
        eventID: EventID,
        channel: String,
        target: String,
        attempts: Int,
        firstError: String?,
        lastError: String,
        deadAt: WallInstant,
        json: String
    ) {
        (self.id, self.eventID, self.channel, self.target) = (id, eventID, channel, target)
        (self.attempts, self.firstError, self.lastError) = (attempts, firstError, lastError)
        (self.deadAt, self.json) = (deadAt, json)
    }
}

/// Where dead letters are kept.
package protocol DeadLetterStore: Sendable {
    /// The user's dead letters before the one that `cursor` names, newest first.
    func deadLetters(
        shard: Int16,
        userID: String,
        before cursor: Int64?,
        limit: Int
    ) async throws -> [DeadLetter]
    /// Puts one back among what waits, to be tried as if for the first time; false when the user
    /// has none of this id.
    func redrive(_ id: Int64, shard: Int16, userID: String) async throws -> Bool
}

/// What can be done with dead letters.
package struct DeadLetterService: Sendable {
    private let store: any DeadLetterStore
    private let shards: ShardMap
    private let wake: @Sendable () -> Void

    /// Creates a service over its ports; `wake` tells whoever delivers that there is something.
    package init(
        store: any DeadLetterStore,
        shards: ShardMap,
        wake: @escaping @Sendable () -> Void
    ) {
        (self.store, self.shards, self.wake) = (store, shards, wake)
    }

    /// A page of the user's dead letters, newest first, and where the next one begins.
    ///
    /// - Throws: a ``Problem`` for a cursor that is not one.
    package func page(
        of user: User,
        cursor: String?,
        limit: Int
    ) async throws -> (items: [DeadLetter], nextCursor: String?) {
        let before = try cursor.map { text throws(Problem) in
            guard let id = Int64(text) else { throw Problem.notACursor }
            return id
        }
        var items = try await store.deadLetters(
            shard: shards.shard(of: user.id),
            userID: user.id,
            before: before,
            limit: limit + 1
        )
        guard items.count > limit else { return (items, nil) }
        items.removeLast()
        return (items, items.last.map { "\($0.id)" })
    }

    /// Has a dead letter tried anew.
    ///
    /// - Throws: a ``Problem`` when the user has none of this id.
    package func redrive(_ id: Int64, user: User) async throws {
        guard try await store.redrive(id, shard: shards.shard(of: user.id), userID: user.id) else {
            throw Problem(.notFound, "There is no dead letter of this id.")
        }
        wake()
    }
}
