// SPDX-License-Identifier: Apache-2.0

internal import PunctualCalendar
internal import PunctualCore
internal import PunctualTime

/// The task that an entry of a calendar becomes, and what of the entry was too much for one.
struct CalendarDraft {
    /// A property of the entry, and what of it was not kept.
    typealias Cut = (property: String, message: String)
    /// The task.
    private(set) var draft: TaskDraft
    /// What was cut, by property.
    private(set) var cuts: [Cut] = []

    /// Makes the draft of an entry.
    ///
    /// One without alarms gets the default reminders, like any task that names none, unless it says
    /// that it has no alarm. Times that
    /// have no zone are in `zone`, where whole days begin; `now` is when a task was done whose
    /// calendar does not say it.
    init(_ task: ImportedTask, zone: String, zones: any ZoneSource, now: WallInstant) {
        draft = TaskDraft(title: "")
        draft.title = cut(task.title, to: TaskLimits.title, "SUMMARY")
        let description = cut(task.description, to: TaskLimits.description, "DESCRIPTION")
        draft.description = description.isEmpty ? nil : description
        draft.priority = TaskPriority(rawValue: task.priority.rawValue)
        draft.tags = cut(task.tags, to: TaskLimits.tags, "CATEGORIES").map {
            cut($0, to: TaskLimits.tag, "CATEGORIES")
        }
        if case .completed(let instant) = task.status { draft.completedAt = instant ?? now }
        switch task.due {
        case .instant(let instant): draft.dueDate = .instant(instant)
        case let due?:
            draft.dueDate = .local(due.civil)
            draft.timezone = due.zoneIdentifier ?? zone
        case nil: break
        }
        let reminders = cut(task.reminders, to: TaskLimits.reminders, "VALARM")
        let isSilent = reminders.isEmpty && !task.refusesReminders
        draft.reminders = isSilent ? nil : reminders.map { ReminderInput($0) }
        let rules = draft.timezone.flatMap { zones.rules(for: $0) } ?? .utc
        draft.recurrence = task.recurrence.flatMap { recurrence in
            guard let rule = recurrence.rule ?? .once else { return nil }
            var input = RecurrenceInput(rule: rule)
            input.rdates = cut(recurrence.dates, to: TaskLimits.dates, "RDATE")
                .map { $0.local(in: rules) }
            input.exdates = cut(recurrence.exceptions, to: TaskLimits.dates, "EXDATE")
                .map { $0.local(in: rules) }
            return input
        }
        if task.isEvent { letTakePlace(in: rules, now: now) }
        restore(task.extensions)
    }

    /// Takes what an export wrote beside iCalendar; values that make no sense are passed over, like
    /// any extension that a program does not know.
    private mutating func restore(_ extensions: [CalendarExtension: String]) {
        draft.anchor = extensions[.anchor].flatMap { RecurrenceAnchor(rawValue: $0) }
        if let rollover = extensions[.rollover].flatMap({ RolloverMode(rawValue: $0) }) {
            draft.rollover = rollover
        }
        draft.dst = extensions[.dst].flatMap { try? DSTPolicy($0) }
        draft.isPaused = extensions[.paused] == "TRUE"
        draft.misfire = extensions[.misfire].flatMap { MisfirePolicy(calendarValue: $0) }
        guard draft.recurrence != nil else { return }
        if let start = extensions[.seriesStart].flatMap({ try? CivilDateTime($0) }) {
            draft.recurrence?.start =
                draft.timezone == nil ? .instant(WallInstant(utc: start)) : .local(start)
        }
        if let rule = extensions[.seriesRule].flatMap({ try? RecurrenceRule($0) }) {
            draft.recurrence?.rule = rule
        }
    }

    /// Makes a series of events go on by itself, from its next occurrence: those that are past
    /// took place, and nobody is going to complete them.
    private mutating func letTakePlace(in rules: ZoneRules, now: WallInstant) {
        guard let recurrence = draft.recurrence, let first = draft.dueDate else { return }
        draft.rollover = .onSchedule
        let start =
            switch first {
            case .instant(let instant): rules.localTime(at: instant)
            case .local(let local): local
            }
        let series = RecurrenceSet(
            dtstart: start,
            zone: rules,
            rule: recurrence.rule,
            rdates: recurrence.rdates,
            exdates: recurrence.exdates
        )
        guard rules.resolve(start).instant < now, let next = series.next(after: now),
            let instant = next.instant
        else { return }
        draft.recurrence?.start = first
        draft.dueDate = draft.timezone == nil ? .instant(instant) : .local(next.nominal)
    }

    private mutating func cut(_ text: String, to limit: Int, _ property: String) -> String {
        guard text.unicodeScalars.count > limit else { return text }
        cuts.append((property, "It is longer than \(limit) characters; the rest is not kept."))
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }

    private mutating func cut<Element>(
        _ elements: [Element],
        to limit: Int,
        _ property: String
    ) -> [Element] {
        guard elements.count > limit else { return elements }
        cuts.append((property, "There are more than \(limit); the rest is not kept."))
        return Array(elements.prefix(limit))
    }
}

extension RecurrenceRule {
    /// The rule of a series that recurs by its dates alone: its start, once.
    ///
    /// It is valid, so that nothing is lost with the error.
    fileprivate static let once = try? RecurrenceRule(frequency: .daily, end: .count(1))
}

extension ReminderInput {
    fileprivate init(_ reminder: ImportedReminder) {
        switch reminder {
        case .offset(let offset): self = .offset(offset)
        case .at(let instant): self = .at(instant)
        }
    }
}

extension CalendarTime {
    /// What a clock in the zone of a series shows at this time.
    fileprivate func local(in rules: ZoneRules) -> CivilDateTime {
        if case .instant(let instant) = self { return rules.localTime(at: instant) }
        return civil
    }
}
