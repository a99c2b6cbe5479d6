// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

extension EntryReader {
    /// The times of the entry's VALARMs (RFC 5545 §3.6.6), each once.
    mutating func reminders(_ times: EntryTimes, due: CalendarTime?) -> [ImportedReminder] {
        var reminders: [ImportedReminder] = []
        for alarm in component.children where alarm.name == "VALARM" {
            guard isReminder(alarm) else { continue }
            for reminder in expanded(alarm, times, due: due) {
                guard !reminders.contains(reminder) else {
                    notices.tally(
                        alarm.line,
                        "VALARM",
                        "Alarms at the same time become one reminder."
                    )
                    continue
                }
                guard reminders.count < CalendarLimits.remindersPerTask else {
                    notices.add(
                        alarm.line,
                        label,
                        "VALARM",
                        "More than \(CalendarLimits.remindersPerTask) alarms; not kept."
                    )
                    return reminders
                }
                reminders.append(reminder)
            }
        }
        return reminders
    }

    /// Notes what an alarm does beyond reminding, and whether it reminds at all.
    private mutating func isReminder(_ alarm: CalendarComponent) -> Bool {
        let kept: Set = ["ACTION", "TRIGGER", "REPEAT", "DURATION", "UID"]
        for property in alarm.properties
        where !kept.contains(property.name) && !property.value.isEmpty {
            notices.tally(
                property.line,
                "VALARM.\(property.name)",
                "Reminders have nothing like it; not kept."
            )
        }
        for child in alarm.children {
            notices.tally(child.line, "VALARM.\(child.name)", "Not a component that is read.")
        }
        let action = alarm.first("ACTION")?.value.uppercased() ?? "DISPLAY"
        switch action {
        case "DISPLAY": return true
        case "NONE":
            // Apple's calendar writes a placeholder like this where the default alarm was removed.
            notices.tally(alarm.line, "VALARM.ACTION", "ACTION:NONE does nothing; not a reminder.")
            return false
        default:
            notices.tally(
                alarm.line,
                "VALARM.ACTION",
                "\(quoted(action)) is not done; the alarm becomes a reminder like any other."
            )
            return true
        }
    }

    /// The trigger, and its repetitions when REPEAT and DURATION are given.
    private mutating func expanded(
        _ alarm: CalendarComponent,
        _ times: EntryTimes,
        due: CalendarTime?
    ) -> [ImportedReminder] {
        guard let trigger = alarm.first("TRIGGER") else {
            notices.add(alarm.line, label, "VALARM", "It has no TRIGGER; not a reminder.")
            return []
        }
        guard let first = reminder(trigger, times, due: due) else { return [] }
        guard let count = alarm.first("REPEAT"), count.value != "0" else { return [first] }
        guard let repeats = Int(count.value), repeats > 0,
            let pause = alarm.first("DURATION").flatMap({ duration($0) })
        else {
            note(count, "It needs a whole number and a DURATION; the alarm is not repeated.")
            return [first]
        }
        var reminders = [first]
        // One beyond the limit, so that the caller sees that there are more.
        for _ in 0..<min(repeats, CalendarLimits.remindersPerTask) {
            guard let next = reminders[reminders.count - 1].later(by: pause) else {
                note(count, "It goes on for more than ten years; the rest is not kept.")
                break
            }
            reminders.append(next)
        }
        return reminders
    }

    private mutating func reminder(
        _ trigger: ContentLine,
        _ times: EntryTimes,
        due: CalendarTime?
    ) -> ImportedReminder? {
        // An absolute trigger has no letters but T and Z; every duration has a P.
        guard trigger.value.contains("P") else { return absoluteReminder(trigger, due: due) }
        guard let offset = duration(trigger) else { return nil }
        guard let due else {
            note(trigger, "The task has no due time to count from; not a reminder.")
            return nil
        }
        let isFromEnd = trigger.parameter("RELATED")?.uppercased() == "END"
        let base = (isFromEnd ? times.end : times.start) ?? due
        guard let distance = base.seconds(since: due) else {
            note(trigger, "Start and end differ in zone; counted from the due time instead.")
            return .offset(offset)
        }
        return offsetReminder(trigger, clockSeconds: distance, then: offset)
    }

    /// An absolute trigger, which RFC 5545 §3.8.6.3 wants in UTC; a local one becomes an offset.
    private mutating func absoluteReminder(
        _ trigger: ContentLine,
        due: CalendarTime?
    ) -> ImportedReminder? {
        guard let time = time(trigger) else { return nil }
        if case .instant(let instant) = time { return .at(instant) }
        guard let due, let distance = time.seconds(since: due) else {
            note(trigger, "\(quoted(trigger.value)) is not a UTC time; not a reminder.")
            return nil
        }
        return offsetReminder(trigger, clockSeconds: distance)
    }

    private mutating func offsetReminder(
        _ trigger: ContentLine,
        clockSeconds: Int64,
        then offset: CalendarDuration? = nil
    ) -> ImportedReminder? {
        do {
            let distance = try CalendarDuration(clockSeconds: clockSeconds)
            return .offset(try offset.map { try distance.adding($0) } ?? distance)
        } catch {
            note(trigger, "It is too far from the due time; not a reminder. \(error)")
            return nil
        }
    }
}

extension ImportedReminder {
    /// The reminder one pause later; `nil` when no duration is that long.
    fileprivate func later(by pause: CalendarDuration) -> ImportedReminder? {
        switch self {
        case .offset(let offset):
            // `try?`: the only reason to fail is the length.
            return (try? offset.adding(pause)).map(ImportedReminder.offset)
        case .at(let instant):
            let seconds = Int64(pause.days) * 86_400 + Int64(pause.seconds)
            return .at(instant.adding(microseconds: seconds * 1_000_000))
        }
    }
}
