// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

/// What a client that resumes has missed: pages of `event_log`, then the unacknowledged events.
struct UpdateReplay: Sendable {
    /// The most events read by one statement.
    static let pageSize = 500

    private let eventStore: any EventStore
    private let shard: Int16
    private let userID: String
    private let cursor: EventCursor
    private let overlap: Duration
    private let joined: WallInstant

    private var unacknowledged: [ReleasedEvent]
    private var after: WallInstant
    private var lastRead: EventCursor?
    private var mustReset: Bool
    private var sent = RecentEvents(capacity: 2_048)

    /// Whether there is something left to be read.
    private(set) var isReading = true

    /// `now` is when the client was joined to the live events.
    init(
        eventStore: any EventStore,
        shard: Int16,
        userID: String,
        cursor: EventCursor,
        unacknowledged: [ReleasedEvent],
        now: WallInstant,
        retention: Duration,
        overlap: Duration
    ) {
        (self.eventStore, self.shard, self.userID) = (eventStore, shard, userID)
        (self.cursor, self.overlap, joined) = (cursor, overlap, now)
        self.unacknowledged = unacknowledged.sorted {
            ($0.timestamp, $0.id) < ($1.timestamp, $1.id)
        }
        // A cursor from the future is one of a clock that was stepped back since.
        after = min(cursor.timestamp, now).advanced(by: .zero - overlap)
        mustReset = cursor.timestamp < now.advanced(by: .zero - retention)
    }

    /// The next page, without the event at the cursor; empty when it holds nothing to send.
    mutating func nextMessages(types: (EventType) -> Bool) async throws -> [UpdateMessage] {
        var messages: [UpdateMessage] = []
        var events: [ReleasedEvent] = []
        if mustReset {
            mustReset = false
            messages.append(.reset)
            isReading = false
        } else {
            events = try await eventStore.events(
                shard: shard,
                userID: userID,
                after: after,
                skipping: lastRead,
                limit: Self.pageSize
            )
            isReading = events.count >= Self.pageSize
        }
        if let last = events.last {
            lastRead = last.cursor
            after = last.timestamp
        }
        events = events.filter { types($0.type) && $0.id != cursor.id }
        for event in events { sent.insert(event.id) }
        if !isReading {
            let new = unacknowledged.filter { !sent.contains($0.id) }
            for event in new { sent.insert(event.id) }
            events += new
            unacknowledged = []
        }
        return messages + events.map { .event($0) }
    }

    /// Whether a live message is one that was sent already, as far as is remembered.
    func hasSent(_ message: UpdateMessage) -> Bool {
        if case .event(let event) = message { sent.contains(event.id) } else { false }
    }

    /// Whether the live stream has come so far that repeats are no longer to be expected.
    func isBehind(_ message: UpdateMessage) -> Bool {
        guard case .event(let event) = message else { return false }
        return event.timestamp > joined.advanced(by: overlap)
    }
}
