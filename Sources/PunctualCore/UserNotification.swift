// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A reminder that fired, as its user is shown it in the application.
package struct UserNotification: Sendable {
    /// How many of the newest are looked at to count the unread ones.
    package static let maximumUnread = 1_000

    /// The event; it is the notification's id too.
    package let id: EventID
    /// The task that it is about.
    package let taskID: Int64?
    /// When it fired.
    package let firedAt: WallInstant
    /// When it was read; nil while it was not.
    package let readAt: WallInstant?
    /// The bare event, a JSON object.
    package let json: String

    /// Creates a notification from its parts.
    package init(
        id: EventID,
        taskID: Int64?,
        firedAt: WallInstant,
        readAt: WallInstant?,
        json: String
    ) {
        (self.id, self.taskID, self.json) = (id, taskID, json)
        (self.firedAt, self.readAt) = (firedAt, readAt)
    }
}

/// A page of a user's notifications, newest first.
package struct NotificationPage: Sendable {
    /// The notifications.
    package var items: [UserNotification]
    /// How many are unread, up to ``UserNotification/maximumUnread``.
    package var unread: Int
    /// Where the next page begins; nil at the end.
    package var nextCursor: String?

    /// Creates a page from its parts.
    package init(items: [UserNotification], unread: Int, nextCursor: String?) {
        (self.items, self.unread, self.nextCursor) = (items, unread, nextCursor)
    }
}

/// Where it is kept which fired reminders were read.
package protocol NotificationStore: Sendable {
    /// Those that fired before `cursor`, newest first; none for whoever does not want any.
    func notifications(
        shard: Int16,
        userID: String,
        unreadOnly: Bool,
        before cursor: EventCursor?,
        limit: Int
    ) async throws -> [UserNotification]
    /// How many of the newest `limit` are unread.
    func unreadCount(shard: Int16, userID: String, limit: Int) async throws -> Int
    /// Marks one as read; false when the user has none of this id.
    func markRead(_ id: EventID, shard: Int16, userID: String) async throws -> Bool
    /// Marks all that have fired as read.
    func markAllRead(shard: Int16, userID: String) async throws
}

/// What can be done with notifications.
package struct NotificationService: Sendable {
    private let store: any NotificationStore
    private let shards: ShardMap

    /// Creates a service over its ports.
    package init(store: any NotificationStore, shards: ShardMap) {
        (self.store, self.shards) = (store, shards)
    }

    /// A page of the user's notifications.
    ///
    /// - Throws: a ``Problem`` for a cursor that is not one.
    package func page(
        of user: User,
        unreadOnly: Bool,
        cursor: String?,
        limit: Int
    ) async throws -> NotificationPage {
        let shard = shards.shard(of: user.id)
        let before = try cursor.map { text throws(Problem) in
            guard let cursor = EventCursor(text) else { throw Problem.notACursor }
            return cursor
        }
        var items = try await store.notifications(
            shard: shard,
            userID: user.id,
            unreadOnly: unreadOnly,
            before: before,
            limit: limit + 1
        )
        let hasMore = items.count > limit
        if hasMore { items.removeLast() }
        return NotificationPage(
            items: items,
            unread: try await store.unreadCount(
                shard: shard,
                userID: user.id,
                limit: UserNotification.maximumUnread
            ),
            nextCursor: hasMore
                ? items.last.map { EventCursor(timestamp: $0.firedAt, id: $0.id).description } : nil
        )
    }

    /// Marks one as read.
    ///
    /// - Throws: a ``Problem`` when the user has none of this id.
    package func markRead(_ id: EventID, user: User) async throws {
        guard try await store.markRead(id, shard: shards.shard(of: user.id), userID: user.id) else {
            throw Problem(.notFound, "There is no notification of this id.")
        }
    }

    /// Marks all that have fired as read.
    package func markAllRead(of user: User) async throws {
        try await store.markAllRead(shard: shards.shard(of: user.id), userID: user.id)
    }
}

extension Problem {
    /// A cursor that no page gave.
    static let notACursor = Problem.invalid(
        "/cursor",
        "is no cursor; use the next_cursor of the page before"
    )
}
