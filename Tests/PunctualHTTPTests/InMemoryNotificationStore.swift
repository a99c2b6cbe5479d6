// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Synchronization

/// Fired reminders and dead letters that live in memory.
final class InMemoryNotificationStore: NotificationStore, DeadLetterStore {
    struct State {
        var fired: [(userID: String, item: UserNotification)] = []
        var read: Set<EventID> = []
        var letters: [(userID: String, letter: DeadLetter)] = []
        var wakes = 0
    }
    private let state = Mutex(State())

    /// How often somebody was told that there is something to deliver.
    var wakes: Int { state.withLock { $0.wakes } }

    func wake() { state.withLock { $0.wakes += 1 } }

    /// Adds a reminder that fired so many seconds after the present, and answers its id.
    @discardableResult
    func fire(_ number: Int64, user: String = "dev") -> EventID {
        let at = TestServer.now.adding(microseconds: number * 1_000_000)
        let nominal = CivilDateTime(secondsSinceEpoch: at.secondsSinceEpoch)
        let id = EventID(instant: at, sourceID: number, nominal: nominal, kind: "reminder.due")
        let json = "{\"title\":\"task \(number)\"}"
        let item = UserNotification(id: id, taskID: number, firedAt: at, readAt: nil, json: json)
        state.withLock { $0.fired.insert((user, item), at: 0) }
        return id
    }

    /// Adds what could not be delivered.
    func bury(_ number: Int64, user: String = "dev") {
        let letter = DeadLetter(
            id: number,
            eventID: EventID(high: 1, low: UInt64(number)),
            channel: "email",
            target: "dev@example.org",
            attempts: 2,
            firstError: "451 later",
            lastError: "550 no",
            deadAt: TestServer.now,
            json: "{\"title\":\"task \(number)\"}"
        )
        state.withLock { $0.letters.insert((user, letter), at: 0) }
    }

    func notifications(
        shard: Int16,
        userID: String,
        unreadOnly: Bool,
        before cursor: EventCursor?,
        limit: Int
    ) async throws -> [UserNotification] {
        state.withLock { state in
            state.fired.filter { $0.userID == userID }.map(\.item)
                .filter { !unreadOnly || !state.read.contains($0.id) }
                .filter { item in cursor.map { item.firedAt < $0.timestamp } ?? true }
                .prefix(limit).map { $0 }
        }
    }

    func unreadCount(shard: Int16, userID: String, limit: Int) async throws -> Int {
        state.withLock { state in
            state.fired.count { $0.userID == userID && !state.read.contains($0.item.id) }
        }
    }

    func markRead(_ id: EventID, shard: Int16, userID: String) async throws -> Bool {
        state.withLock { state in
            guard state.fired.contains(where: { $0.userID == userID && $0.item.id == id }) else {
                return false
            }
            state.read.insert(id)
            return true
        }
    }

    func markAllRead(shard: Int16, userID: String) async throws {
        state.withLock { state in
            state.read.formUnion(state.fired.filter { $0.userID == userID }.map(\.item.id))
        }
    }

    func deadLetters(
        shard: Int16,
        userID: String,
        before cursor: Int64?,
        limit: Int
    ) async throws -> [DeadLetter] {
        state.withLock { state in
            state.letters.filter { $0.userID == userID }.map(\.letter)
                .filter { letter in cursor.map { letter.id < $0 } ?? true }
                .prefix(limit).map { $0 }
        }
    }

    func redrive(_ id: Int64, shard: Int16, userID: String) async throws -> Bool {
        state.withLock { state in
            let count = state.letters.count
            state.letters.removeAll { $0.userID == userID && $0.letter.id == id }
            return state.letters.count < count
        }
    }
}
