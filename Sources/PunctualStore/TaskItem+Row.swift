// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualPostgres
internal import PunctualTime

// A row of `tasks`, in the order of its columns in the migration.
extension TaskItem {
    /// Reads a row.
    ///
    /// - Throws: ``StoreError`` for a value that this program cannot have written.
    init(_ row: PostgresRow) throws {
        let created = WallInstant(microsecondsSinceEpoch: try row.timestamptz(30))
        self.init(
            shard: try row.int2(0),
            id: try row.int8(1),
            userID: try row.text(2),
            title: try row.text(3),
            now: created
        )
        description = try row.textOrNil(4)
        status = try Self.read(row.text(5), "status")
        completedAt = try row.instantOrNil(6)
        priority = try Self.priority(row.int2(7))
        tags = try row.textArray(8)
        due = try row.instantOrNil(9)
        dueDate = try Self.dueDate(row)
        tzdata = try row.textOrNil(12)
        reminders = try Self.reminders(row)
        recurrence = try Self.recurrence(row)
        misfire = MisfirePolicy(
            action: try Self.read(row.text(24), "misfire"),
            graceMilliseconds: try row.int4(25)
        )
        seriesID = try row.int8OrNil(26)
        predecessorID = try row.int8OrNil(27)
        occurrence = try row.int8(28)
        nominal = try row.localOrNil(29)
        updatedAt = WallInstant(microsecondsSinceEpoch: try row.timestamptz(31))
        version = try row.int8(32)
        pausedAt = try row.instantOrNil(33)
    }

    private static func read<Value: RawRepresentable<String>>(
        _ text: String,
        _ column: String
    ) throws -> Value {
        guard let value = Value(rawValue: text) else { throw corrupt(column) }
        return value
    }

    private static func corrupt(_ column: String) -> StoreError {
        StoreError(
            .corruptRow,
            "tasks.\(column) holds a value that this version does not know; upgrade the program"
        )
    }

    private static func priority(_ rank: Int16) throws -> TaskPriority {
        guard let priority = TaskPriority.allCases.first(where: { $0.rank == rank }) else {
            throw corrupt("priority")
        }
        return priority
    }

    private static func dueDate(_ row: PostgresRow) throws -> DueDate? {
        if let local = try row.localOrNil(10), let timezone = try row.textOrNil(11) {
            return .local(local, timezone: timezone)
        }
        return try row.instantOrNil(9).map { .instant($0) }
    }

    private static func reminders(_ row: PostgresRow) throws -> [Reminder] {
        let (ids, dues) = (try row.int8Array(13), try row.int8Array(14))
        let (times, states) = (try row.textArray(15), try row.int2Array(16))
        guard ids.count == dues.count, ids.count == times.count, ids.count == states.count else {
            throw corrupt("reminder_ids")
        }
        return try ids.indices.map { index in
            let due = WallInstant(microsecondsSinceEpoch: dues[index])
            guard let state = ReminderState(rawValue: states[index]),
                let time = ReminderTime(text: times[index], due: due)
            else { throw corrupt("reminder_times") }
            return Reminder(id: ids[index], time: time, due: due, state: state)
        }
    }

    private static func recurrence(_ row: PostgresRow) throws -> TaskRecurrence? {
        guard let text = try row.textOrNil(17), let start = try row.localOrNil(18) else {
            return nil
        }
        return TaskRecurrence(
            rule: try RecurrenceRule(text),
            start: start,
            rdates: try row.locals(19),
            exdates: try row.locals(20),
            anchor: try read(row.textOrNil(21) ?? "", "anchor"),
            rollover: try read(row.textOrNil(22) ?? "", "rollover"),
            dst: try DSTPolicy(row.textOrNil(23) ?? "")
        )
    }

    /// Writes the row as an object whose members are the columns.
    func writeRow(to json: inout JSONWriter) {
        json.object { json in
            json.member("shard", Int64(shard))
            json.member("id", id)
            json.member("user_id", userID)
            json.member("title", title)
            json.member("description", description)
            json.member("status", status.rawValue)
            json.member("completed_at", completedAt)
            json.member("priority", Int64(priority.rank))
            json.member("due", due)
            json.member("tzdata", tzdata)
            json.name("tags")
            json.array { json in for tag in tags { json.string(tag) } }
            if case .local(let local, let timezone) = dueDate {
                json.member("due_local", local.description)
                json.member("timezone", timezone)
            }
            writeReminders(to: &json)
            if let recurrence { recurrence.writeColumns(to: &json) }
            json.member("misfire", misfire.action.rawValue)
            json.member("misfire_grace_ms", Int64(misfire.graceMilliseconds))
            json.member("series_id", seriesID)
            json.member("predecessor_id", predecessorID)
            json.member("occurrence", occurrence)
            json.member("nominal", nominal?.description)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
            json.member("version", version)
            json.member("paused_at", pausedAt)
        }
    }

    private func writeReminders(to json: inout JSONWriter) {
        json.name("reminder_ids")
        json.array { json in for reminder in reminders { json.integer(reminder.id) } }
        json.name("reminder_dues")
        json.array { json in
            for reminder in reminders { json.integer(reminder.due.microsecondsSinceEpoch) }
        }
        json.name("reminder_times")
        json.array { json in for reminder in reminders { json.string(reminder.time.text) } }
        json.name("reminder_states")
        json.array { json in for reminder in reminders { json.integer(reminder.state.rawValue) } }
    }
}

extension TaskRecurrence {
    fileprivate func writeColumns(to json: inout JSONWriter) {
        json.member("rrule", rule.description)
        json.member("series_start", start.description)
        for (name, dates) in [("rdates", rdates), ("exdates", exdates)] where !dates.isEmpty {
            json.name(name)
            json.array { json in for date in dates { json.string(date.description) } }
        }
        json.member("anchor", anchor.rawValue)
        json.member("rollover", rollover.rawValue)
        json.member("dst", dst.description)
    }
}

extension ReminderTime {
    /// The text that `reminder_times` holds; the instant is in `reminder_dues`.
    fileprivate var text: String {
        switch self {
        case .offset(let offset): offset.description
        case .at: "at"
        case .rollover: "rollover"
        case .snooze(let original, _): "snooze:\(original)"
        }
    }

    fileprivate init?(text: String, due: WallInstant) {
        switch text {
        case "at": self = .at(due)
        case "rollover": self = .rollover
        case _ where text.hasPrefix("snooze:"):
            guard let original = Int64(text.dropFirst(7)) else { return nil }
            self = .snooze(of: original, until: due)
        default:
            // A text that is no duration makes the row a corrupt one.
            guard let offset = try? CalendarDuration(text) else { return nil }
            self = .offset(offset)
        }
    }
}

extension PostgresRow {
    /// A `timestamptz` column as an instant.
    func instant(_ column: Int) throws -> WallInstant {
        WallInstant(microsecondsSinceEpoch: try timestamptz(column))
    }

    /// A `timestamptz` column as an instant, or nil for NULL.
    func instantOrNil(_ column: Int) throws -> WallInstant? {
        try timestamptzOrNil(column).map { WallInstant(microsecondsSinceEpoch: $0) }
    }

    /// A `timestamp` column as a local time.
    func local(_ column: Int) throws -> CivilDateTime {
        CivilDateTime(secondsSinceEpoch: try timestamp(column) / 1_000_000)
    }

    /// A `timestamp` column as a local time, or nil for NULL.
    func localOrNil(_ column: Int) throws -> CivilDateTime? {
        try timestampOrNil(column).map { CivilDateTime(secondsSinceEpoch: $0 / 1_000_000) }
    }

    /// A `timestamp[]` column as local times; empty for NULL.
    func locals(_ column: Int) throws -> [CivilDateTime] {
        try (timestampArrayOrNil(column) ?? []).compactMap { $0 }
            .map { CivilDateTime(secondsSinceEpoch: $0 / 1_000_000) }
    }
}
