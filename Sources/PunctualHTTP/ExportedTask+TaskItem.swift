// SPDX-License-Identifier: Apache-2.0

internal import PunctualCalendar
internal import PunctualCore
internal import PunctualTime

extension ExportedTask {
    /// What a calendar shows of a task; ``CalendarDraft`` makes the same task of it again.
    ///
    /// Calendars know whole seconds: a due date is rounded up to one, so that nothing is early.
    /// Reminders with an instant of their own that is past by `now` are left out, because whoever
    /// imports the calendar would have them fire at once.
    init(_ task: TaskItem, now: WallInstant) {
        self.init(
            uid: Self.uid(task.id),
            title: task.title,
            createdAt: task.createdAt,
            updatedAt: task.updatedAt
        )
        seriesUID = task.seriesID.map { Self.uid($0) }
        sequence = task.version - 1
        description = task.description
        tags = task.tags
        priority = ImportedTask.Priority(rawValue: task.priority.rawValue) ?? .medium
        status = task.status == .completed ? .completed(at: task.completedAt) : .active
        due = task.dueDate.map { CalendarTime($0) }
        if task.status == .active, let recurrence = task.recurrence {
            self.recurrence = ExportedRecurrence(recurrence, occurrence: task.occurrence)
            if recurrence.anchor != .due { extensions[.anchor] = recurrence.anchor.rawValue }
            if recurrence.rollover != .onCompletion {
                extensions[.rollover] = recurrence.rollover.rawValue
            }
            if recurrence.dst != DSTPolicy() { extensions[.dst] = recurrence.dst.description }
        }
        if task.pausedAt != nil { extensions[.paused] = "TRUE" }
        if task.misfire != .standard { extensions[.misfire] = task.misfire.calendarValue }
        reminders = task.reminders.compactMap { reminder in
            switch reminder.time {
            case .offset(let offset): .offset(offset)
            case .at(let instant), .snooze(_, let instant):
                instant > now ? .at(instant.roundedUpToSecond) : nil
            case .rollover: nil
            }
        }
    }

    private static func uid(_ id: Int64) -> String { "task-\(id)@punctual" }
}

extension ExportedRecurrence {
    fileprivate init(_ recurrence: TaskRecurrence, occurrence: Int64) {
        self.init(
            rule: recurrence.rule,
            start: recurrence.start,
            occurrence: occurrence,
            dates: recurrence.rdates,
            exceptions: recurrence.exdates
        )
    }
}

extension CalendarTime {
    fileprivate init(_ due: DueDate) {
        switch due {
        case .instant(let instant): self = .instant(instant.roundedUpToSecond)
        case .local(let local, let timezone): self = .local(local, zoneIdentifier: timezone)
        }
    }
}

extension WallInstant {
    fileprivate var roundedUpToSecond: WallInstant {
        WallInstant(secondsSinceEpoch: adding(microseconds: 999_999).secondsSinceEpoch)
    }
}

extension MisfirePolicy {
    /// The policy as one value of a calendar: `skip`, and after a comma the grace in seconds.
    fileprivate var calendarValue: String { "\(action.rawValue),\(graceMilliseconds / 1_000)" }

    /// Reads what `calendarValue` gives; nil for anything else.
    init?(calendarValue text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2, let action = Action(rawValue: String(parts[0])),
            let seconds = Int32(parts[1]),
            (0...TaskLimits.graceMilliseconds / 1_000).contains(seconds)
        else { return nil }
        self.init(action: action, graceMilliseconds: seconds * 1_000)
    }
}
