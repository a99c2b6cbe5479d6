// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// Which events of the past are to be sent again.
package struct ReplaySelection: Sendable, Hashable {
    /// Released at or after this instant.
    package var from: WallInstant
    /// Released before this one.
    package var to: WallInstant
    /// Only of this topic; nil is every topic that is published.
    package var topic: Topic?
    /// Only of this user.
    package var userID: String?

    /// Creates a selection from its parts.
    package init(
        from: WallInstant,
        to: WallInstant,
        topic: Topic? = nil,
        userID: String? = nil
    ) {
        (self.from, self.to, self.topic, self.userID) = (from, to, topic, userID)
    }
}

/// The past, as whoever replays it reads it.
package protocol ReplaySource: Sendable {
    /// How many events of each type there are.
    func counts(_ selection: ReplaySelection) async throws -> [(type: EventType, count: Int)]
    /// The events after a cursor, oldest first, at most `limit`.
    func events(
        _ selection: ReplaySelection,
        after cursor: EventCursor?,
        limit: Int
    ) async throws -> [ReleasedEvent]
}
