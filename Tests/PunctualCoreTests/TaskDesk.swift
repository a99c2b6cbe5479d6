// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualCore
import PunctualTime
import Synchronization

/// A task service over ports that live in memory and remember what they were told.
struct TaskDesk: Sendable {
    let ports = MemoryPorts()
    let zones = FakeZones()
    let service: TaskService
    let ada = User(id: "ada", email: "ada@example.org")

    /// A desk at which it is noon of Friday, 2026-11-20, UTC.
    init() {
        let ports = ports
        ports.now = at("2026-11-20T12:00:00Z")
        service = TaskService(
            store: ports,
            zones: zones,
            shards: ShardMap(count: 64),
            hints: ports,
            relay: ports,
            clock: { ports.now }
        )
    }

    /// Creates one task.
    func create(_ draft: TaskDraft) async throws -> TaskItem {
        try await service.create([.success(draft)], user: ada)[0].get()
    }

    /// The problem that creating the task ends with.
    func problem(_ draft: TaskDraft) async throws -> Problem? {
        guard case .failure(let problem) = try await service.create([.success(draft)], user: ada)[0]
        else { return nil }
        return problem
    }

    /// Creates a task that repeats, due at `due`.
    func series(
        _ rule: String,
        due: String,
        timezone: String? = nil,
        reminders: [ReminderInput] = [],
        _ edit: (inout TaskDraft) -> Void = { _ in }
    ) async throws -> TaskItem {
        var draft = TaskDraft(title: "water the plants")
        draft.dueDate = .instant(at(due))
        draft.timezone = timezone
        draft.recurrence = RecurrenceInput(rule: try RecurrenceRule(rule))
        draft.reminders = reminders
        edit(&draft)
        return try await create(draft)
    }

    /// Completes a task at an instant.
    func complete(_ task: TaskItem, at instant: String? = nil) async throws -> ChangeAnswer {
        if let instant { ports.now = at(instant) }
        return try await service.complete(task.id, user: ada)
    }

    /// Changes a task.
    func update(
        _ task: TaskItem,
        _ edit: (inout TaskPatch) -> Void
    ) async throws -> ChangeAnswer {
        var patch = TaskPatch()
        edit(&patch)
        return try await service.update(task.id, with: patch, user: ada)
    }
}

/// The instant of an RFC 3339 text; the epoch for a text that is none, which no test expects.
func at(_ text: String) -> WallInstant {
    (try? WallInstant(rfc3339: text)) ?? WallInstant(secondsSinceEpoch: 0)
}

/// The local time of a text.
func local(_ text: String) -> CivilDateTime {
    (try? CivilDateTime(text)) ?? CivilDateTime(secondsSinceEpoch: 0)
}

/// A reminder so long before or after the due date.
func offset(_ text: String) throws -> ReminderInput { .offset(try CalendarDuration(text)) }

extension TaskItem {
    /// Its reminders without the one that makes the next occurrence.
    var visibleReminders: [Reminder] { reminders.filter { $0.kind == .reminder } }
}

/// Zones whose rules change when a test says so.
final class FakeZones: ZoneSource {
    private let state = Mutex((version: "2026a", aliases: [String: String]()))

    var version: String { state.withLock { $0.version } }

    /// A new release, in which `zone` follows the rules of `other`.
    func release(_ version: String, _ zone: String, follows other: String) {
        state.withLock {
            $0.version = version
            $0.aliases[zone] = other
        }
    }

    func rules(for identifier: String) -> ZoneRules? {
        let name = state.withLock { $0.aliases[identifier] ?? identifier }
        let url = URL(fileURLWithPath: "/usr/share/zoneinfo").appendingPathComponent(name)
        guard let bytes = try? Data(contentsOf: url) else { return nil }
        return try? ZoneRules(identifier: identifier, tzif: Array(bytes))
    }
}
