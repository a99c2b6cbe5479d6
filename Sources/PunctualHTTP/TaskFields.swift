// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

/// The fields of a task as a body names them: what a draft and a patch are made from.
struct TaskFields {
    var title = Update<String>.keep
    var description = Update<String>.keep
    var status = Update<TaskStatus>.keep
    var priority = Update<TaskPriority>.keep
    var tags = Update<[String]>.keep
    var dueDate = Update<TimeInput>.keep
    var timezone = Update<String>.keep
    var reminders = Update<[ReminderInput]>.keep
    var reminderTime = Update<WallInstant>.keep
    var isRecurring = Update<Bool>.keep
    var recurrence = RecurrenceFields()
    var anchor = Update<RecurrenceAnchor>.keep
    var rollover = Update<RolloverMode>.keep
    var dst = Update<DSTPolicy>.keep
    var misfire = Update<MisfirePolicy>.keep

    /// What the API itself says of a task: taken and ignored, so that what a GET answered can be
    /// edited and sent back.
    static let readOnly: Set<String> = [
        "id", "user_id", "created_at", "updated_at", "version", "series_id", "predecessor_id",
        "completed_at", "occurrence", "nominal_time", "next_task", "may_have_fired",
        "paused", "next_due_date", "next_nominal_time",
    ]

    /// Reads a body; what is wrong with it is noted in `reader`.
    init(_ body: JSONValue, _ reader: inout FieldReader) {
        var completed = Update<Bool>.keep
        reader.object(body, "") { reader, member, pointer in
            if member.name == "completed" {
                completed = reader.update(member.value) { $0.boolean($1, pointer) }
                return true
            }
            return Self.readOnly.contains(member.name)
                || read(member, pointer, &reader) || readTimes(member, pointer, &reader)
                || recurrence.read(member, pointer, &reader)
        }
        guard case .set(let flag?) = completed else { return }
        let asked: TaskStatus = flag ? .completed : .active
        if case .set(let status?) = status, status != asked {
            reader.refuse("/completed", "It says something else than status; send one of them.")
        }
        status = .set(asked)
    }

    private mutating func read(
        _ member: JSONMember,
        _ pointer: String,
        _ reader: inout FieldReader
    ) -> Bool {
        let value = member.value
        switch member.name {
        case "title":
            title = reader.update(value) { $0.string($1, pointer, limit: TaskLimits.title) }
        case "description":
            description = reader.update(value) {
                $0.string($1, pointer, limit: TaskLimits.description)
            }
        case "status": status = reader.update(value) { $0.choice($1, pointer) }
        case "priority": priority = reader.update(value) { $0.choice($1, pointer) }
        case "tags":
            tags = reader.update(value) {
                $0.list($1, pointer, limit: TaskLimits.tags) {
                    $0.string($1, $2, limit: TaskLimits.tag)
                }
            }
        case "anchor": anchor = reader.update(value) { $0.choice($1, pointer) }
        case "rollover": rollover = reader.update(value) { $0.choice($1, pointer) }
        case "is_recurring": isRecurring = reader.update(value) { $0.boolean($1, pointer) }
        default: return false
        }
        return true
    }

    private mutating func readTimes(
        _ member: JSONMember,
        _ pointer: String,
        _ reader: inout FieldReader
    ) -> Bool {
        let value = member.value
        switch member.name {
        case "due_date": dueDate = reader.update(value) { $0.time($1, pointer) }
        case "timezone": timezone = reader.update(value) { $0.string($1, pointer) }
        case "reminders": reminders = reader.update(value) { $0.reminders($1, pointer) }
        case "reminder_time": reminderTime = reader.update(value) { $0.instant($1, pointer) }
        case "misfire": misfire = reader.update(value) { $0.misfire($1, pointer) }
        case "dst": dst = reader.update(value) { $0.dst($1, pointer) }
        default: return false
        }
        return true
    }

    /// The reminders, whichever way they are given.
    fileprivate func reminderInputs(_ reader: inout FieldReader) -> Update<[ReminderInput]> {
        guard case .set(let at?) = reminderTime else {
            if case .set = reminderTime, !reminders.isSet { return .set(nil) }
            return reminders
        }
        if case .set(let given?) = reminders, given != [.at(at)] {
            reader.refuse("/reminder_time", "It is short for reminders; send one of them.")
        }
        return .set([.at(at)])
    }
}

extension TaskDraft {
    /// The task that a body asks for; one that is created as done already was done `now`.
    init(_ body: JSONValue, now: WallInstant) throws(Problem) {
        var reader = FieldReader()
        let fields = TaskFields(body, &reader)
        self.init(title: fields.title.value ?? "")
        if case .object = body, body["title"] == nil || body["title"] == .null {
            reader.refuse("/title", "A task needs a title.")
        }
        description = fields.description.value
        completedAt = fields.status.value == .completed ? now : nil
        priority = fields.priority.value
        tags = fields.tags.value ?? []
        dueDate = fields.dueDate.value
        timezone = fields.timezone.value
        reminders = fields.reminderInputs(&reader).value
        recurrence =
            fields.recurrence.input(
                isRecurring: fields.isRecurring,
                current: nil,
                timezone: timezone,
                &reader
            ).value
        anchor = fields.anchor.value
        rollover = fields.rollover.value
        dst = fields.dst.value
        misfire = fields.misfire.value
        try reader.finish()
    }
}

extension TaskPatch {
    /// The changes to `task` that a body asks for.
    init(_ body: JSONValue, of task: TaskItem) throws(Problem) {
        var reader = FieldReader()
        let fields = TaskFields(body, &reader)
        self.init()
        title = reader.required(fields.title, "/title")
        description = fields.description
        status = reader.required(fields.status, "/status")
        priority = fields.priority.value(clearedTo: .medium)
        tags = fields.tags.value(clearedTo: [])
        dueDate = fields.dueDate
        timezone = fields.timezone
        reminders = fields.reminderInputs(&reader)
        recurrence = fields.recurrence.input(
            isRecurring: fields.isRecurring,
            current: task.recurrence,
            timezone: fields.timezone.applied(to: task.dueDate?.timezone),
            &reader
        )
        anchor = fields.anchor.value(clearedTo: .due)
        rollover = fields.rollover.value(clearedTo: .onCompletion)
        dst = fields.dst.value(clearedTo: DSTPolicy())
        // Rows hold the policy: naming the one that holds already arms nothing anew.
        misfire = fields.misfire.value(clearedTo: .standard).flatMap {
            $0 == task.misfire ? nil : $0
        }
        try reader.finish()
    }
}

extension FieldReader {
    /// The value of a field that can be changed and not cleared.
    fileprivate mutating func required<Value>(
        _ update: Update<Value>,
        _ pointer: String
    ) -> Value? {
        guard case .set(let value) = update else { return nil }
        if value == nil { refuse(pointer, "It cannot be cleared.") }
        return value
    }
}
