// SPDX-License-Identifier: Apache-2.0

/// A word that tasks are marked with, and the colour it is shown in.
///
/// A tag comes into being with the first task that carries it.
package struct Tag: Sendable, Hashable {
    /// Tags of a user that are listed at most.
    package static let maximumCount = 1_000

    /// Unique within the database.
    package var id: Int64
    /// 1 to 100 characters, unique among the user's.
    package var name: String
    /// `#rrggbb`, when one was chosen.
    package var color: String?

    /// Creates a tag from its parts.
    package init(id: Int64, name: String, color: String?) {
        (self.id, self.name, self.color) = (id, name, color)
    }

    /// Writes the tag as the API answers it.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("color", color)
        }
    }
}

/// Where tags are kept.
package protocol TagStore: Sendable {
    /// The user's tags by name, at most ``Tag/maximumCount``.
    func tags(shard: Int16, userID: String) async throws -> [Tag]
    /// Adds a tag; nil when the user has one of that name.
    func addTag(shard: Int16, userID: String, name: String, color: String?) async throws -> Tag?
    /// Changes a tag, and its name on every task that has it.
    ///
    /// - Returns: the tag as it is now; nil when the user has none of that id.
    /// - Throws: ``TaskStoreError/conflict`` when the user has another tag of that name.
    func updateTag(shard: Int16, userID: String, id: Int64, name: String?, color: Update<String>)
        async throws -> Tag?
    /// Removes a tag, also from every task that has it.
    ///
    /// - Returns: whether there was one of that id.
    func deleteTag(shard: Int16, userID: String, id: Int64) async throws -> Bool
}

/// What can be done with a user's tags.
package struct TagService: Sendable {
    private let store: any TagStore
    private let shards: ShardMap

    /// Creates a service over its store.
    package init(store: any TagStore, shards: ShardMap) {
        (self.store, self.shards) = (store, shards)
    }

    /// The user's tags by name, at most ``Tag/maximumCount``.
    package func all(of user: User) async throws -> [Tag] {
        try await store.tags(shard: shards.shard(of: user.id), userID: user.id)
    }

    /// Adds a tag.
    ///
    /// - Throws: a `conflict` problem when the user has one of that name.
    package func add(name: String, color: String?, user: User) async throws -> Tag {
        try TaskLimits.check(tag: name, at: "/name")
        let tag = try await store.addTag(
            shard: shards.shard(of: user.id),
            userID: user.id,
            name: name,
            color: color
        )
        guard let tag else { throw Self.taken(name) }
        return tag
    }

    /// Changes a tag, and its name on every task that has it; those tasks get a new version.
    package func update(
        _ id: Int64,
        name: String?,
        color: Update<String>,
        user: User
    ) async throws -> Tag {
        if let name { try TaskLimits.check(tag: name, at: "/name") }
        do {
            let tag = try await store.updateTag(
                shard: shards.shard(of: user.id),
                userID: user.id,
                id: id,
                name: name,
                color: color
            )
            guard let tag else { throw Problem(.notFound, "There is no tag \(id).") }
            return tag
        } catch TaskStoreError.conflict { throw Self.taken(name ?? "") }
    }

    /// Removes a tag, also from every task that has it; those tasks get a new version.
    package func delete(_ id: Int64, user: User) async throws {
        guard try await store.deleteTag(shard: shards.shard(of: user.id), userID: user.id, id: id)
        else {
            throw Problem(.notFound, "There is no tag \(id).")
        }
    }

    private static func taken(_ name: String) -> Problem {
        Problem(.conflict, "There is a tag of the name \(name) already; change that one.")
    }
}
