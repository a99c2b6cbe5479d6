// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What a chat agent and its user have said so far, kept for a while.
package struct Conversation: Sendable, Hashable {
    /// Conversations of a user at most.
    package static let maximumCount = 1_000

    /// The name that the client gave it, 1 to 200 bytes.
    package var id: String
    /// The messages: a JSON array, as it was given.
    package var messages: String
    /// What else the client keeps with it: a JSON object; nil when there is nothing.
    package var metadata: String?
    /// When it was first kept.
    package var createdAt: WallInstant
    /// When it was last replaced.
    package var updatedAt: WallInstant
    /// When it is forgotten.
    package var expiresAt: WallInstant
    /// 1 for a new one, one more with every replacement.
    package var version: Int64

    /// Creates a conversation from its parts.
    package init(
        id: String,
        messages: String,
        metadata: String?,
        createdAt: WallInstant,
        updatedAt: WallInstant,
        expiresAt: WallInstant,
        version: Int64
    ) {
        (self.id, self.messages, self.metadata) = (id, messages, metadata)
        (self.createdAt, self.updatedAt) = (createdAt, updatedAt)
        (self.expiresAt, self.version) = (expiresAt, version)
    }
}

extension Problem {
    /// What is said to who has ``Conversation/maximumCount`` others.
    package static let tooManyConversations = Problem(
        .conflict,
        """
        There are \(Conversation.maximumCount) conversations already; delete one, or let one expire.
        """
    )
}

/// Whose conversation it is, and its name.
package struct ConversationKey: Sendable, Hashable {
    /// The shard of the user.
    package var shard: Int16
    /// The user.
    package var userID: String
    /// The name.
    package var id: String

    /// Creates a key from its parts.
    package init(shard: Int16, userID: String, id: String) {
        (self.shard, self.userID, self.id) = (shard, userID, id)
    }
}

/// What must be true of a thing that is to be changed (RFC 9110 §13.1).
package enum WriteCondition: Sendable, Hashable {
    /// Nothing.
    case none
    /// There is none yet: `If-None-Match: *`.
    case absent
    /// There is one: `If-Match: *`.
    case present
    /// It has this version: `If-Match`.
    case version(Int64)
}

/// Where conversations are kept; one that has expired is as if it had never been.
package protocol ConversationStore: Sendable {
    /// The conversation of this name, if there is one.
    func conversation(_ key: ConversationKey) async throws -> Conversation?
    /// Keeps a conversation under this name for `ttlSeconds`, in place of the one before.
    ///
    /// - Returns: what is kept now; nil when the condition does not hold.
    /// - Throws: ``Problem/tooManyConversations`` when the user has so many others.
    func put(
        _ key: ConversationKey,
        messages: String,
        metadata: String?,
        ttlSeconds: Int64,
        if condition: WriteCondition
    ) async throws -> Conversation?
    /// Forgets a conversation.
    ///
    /// - Returns: whether there was one for which the condition holds.
    func delete(_ key: ConversationKey, if condition: WriteCondition) async throws -> Bool
}
