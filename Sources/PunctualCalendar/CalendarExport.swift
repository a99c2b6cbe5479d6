// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What tasks are in a calendar.
package enum CalendarEntryKind: String, Sendable, CaseIterable {
    /// VTODOs, which say all of a task.
    case todos
    /// VEVENTs of no length at the time when a task is due, for the many programs that show nothing
    /// else; a task without a due date is left out.
    case events
}

/// Writes tasks as a calendar in the format of RFC 5545, piece by piece.
///
/// Call ``begin()``, then ``add(_:)`` for each task, then ``end()``; what ``take()`` gives in
/// between can be sent already. A zone is defined where it is first used. Reading the calendar with
/// ``CalendarImport`` gives the same tasks again.
package struct CalendarExport: Sendable {
    private let rules: @Sendable (String) -> ZoneRules?
    private let kind: CalendarEntryKind
    private var writer = ContentLineWriter()
    private var definedZones: Set<String> = []

    /// Creates an export; `rules` gives the rules of an IANA zone.
    package init(
        as kind: CalendarEntryKind = .todos,
        rules: @escaping @Sendable (String) -> ZoneRules?
    ) {
        (self.kind, self.rules) = (kind, rules)
    }

    /// Begins the calendar.
    package mutating func begin() {
        writer.line("BEGIN", "VCALENDAR")
        writer.line("VERSION", "2.0")
        writer.line("PRODID", "-//Punctual//Tasks//EN")
        writer.line("CALSCALE", "GREGORIAN")
    }

    /// Ends the calendar.
    package mutating func end() { writer.line("END", "VCALENDAR") }

    /// The bytes written since the last call.
    package mutating func take() -> [UInt8] { writer.take() }

    /// Adds a task.
    package mutating func add(_ task: ExportedTask) {
        if kind == .events, task.due == nil { return }
        if case .local(_, let zone)? = task.due { define(zone) }
        let zone = task.due?.zoneIdentifier.flatMap { rules($0) } ?? .utc
        switch kind {
        case .todos: writer.component("VTODO") { $0.toDo(task, zone) }
        case .events: writer.component("VEVENT") { $0.event(task, zone) }
        }
    }

    private mutating func define(_ zone: String) {
        guard definedZones.insert(zone).inserted, let rules = rules(zone) else { return }
        writer.zone(zone, rules)
    }
}

extension ContentLineWriter {
    fileprivate mutating func toDo(_ task: ExportedTask, _ zone: ZoneRules) {
        description(of: task)
        status(task.status)
        var extensions = task.extensions
        if let due = task.due {
            if let recurrence = task.recurrence {
                time("DTSTART", due)
                extensions.merge(self.recurrence(recurrence, due: due, zone)) { $1 }
            }
            time("DUE", due)
        }
        if let series = task.seriesUID, series != task.uid {
            text("RELATED-TO;RELTYPE=SIBLING", series)
        }
        for name in CalendarExtension.allCases {
            if let value = extensions[name] { line(name.propertyName, value) }
        }
        alarms(of: task, relatedTo: "END")
    }

    fileprivate mutating func event(_ task: ExportedTask, _ zone: ZoneRules) {
        description(of: task)
        // Nobody is busy because of it.
        line("TRANSP", "TRANSPARENT")
        guard let due = task.due else { return }
        time("DTSTART", due)
        if let recurrence = task.recurrence { _ = self.recurrence(recurrence, due: due, zone) }
        alarms(of: task, relatedTo: "START")
    }

    /// Writes what every entry has.
    private mutating func description(of task: ExportedTask) {
        text("UID", task.uid)
        time("DTSTAMP", .instant(task.updatedAt))
        time("CREATED", .instant(task.createdAt))
        time("LAST-MODIFIED", .instant(task.updatedAt))
        line("SEQUENCE", "\(task.sequence)")
        text("SUMMARY", task.title)
        if let description = task.description { text("DESCRIPTION", description) }
        if !task.tags.isEmpty {
            line("CATEGORIES", task.tags.map { Self.escaped($0) }.joined(separator: ","))
        }
        line("PRIORITY", "\(task.priority.number)")
    }

    private mutating func status(_ status: ImportedTask.Status) {
        switch status {
        case .active: line("STATUS", "NEEDS-ACTION")
        case .completed(let instant):
            line("STATUS", "COMPLETED")
            line("PERCENT-COMPLETE", "100")
            if let instant { time("COMPLETED", .instant(instant)) }
        }
    }

    /// Writes how a task recurs, from the occurrence that it is.
    ///
    /// Other programs are not troubled with what is past: for them the series begins here.
    ///
    /// - Returns: what it takes to continue the series as it was counted.
    private mutating func recurrence(
        _ recurrence: ExportedRecurrence,
        due: CalendarTime,
        _ rules: ZoneRules
    ) -> [CalendarExtension: String] {
        let rule = recurrence.rule(from: due.civil, in: rules)
        line("RRULE", rule.description)
        times("RDATE", recurrence.dates.filter { $0 > due.civil }, like: due)
        times("EXDATE", recurrence.exceptions, like: due)
        var extensions: [CalendarExtension: String] = [:]
        if recurrence.start != due.civil {
            extensions[.seriesStart] = recurrence.start.basic
        }
        if rule != recurrence.rule { extensions[.seriesRule] = recurrence.rule.description }
        return extensions
    }

    private mutating func alarms(of task: ExportedTask, relatedTo edge: String) {
        for reminder in task.reminders {
            component("VALARM") { writer in
                writer.line("ACTION", "DISPLAY")
                writer.text("DESCRIPTION", task.title)
                switch reminder {
                case .offset(let offset):
                    writer.line("TRIGGER;RELATED=\(edge)", offset.calendarValue)
                case .at(let instant):
                    writer.time("TRIGGER;VALUE=DATE-TIME", .instant(instant))
                }
            }
        }
        guard task.reminders.isEmpty, task.due != nil else { return }
        // The way in which Apple's programs say that a default alarm was taken away.
        component("VALARM") { writer in
            writer.line("ACTION", "NONE")
            writer.line("TRIGGER;VALUE=DATE-TIME", "19760401T005545Z")
        }
    }
}

extension ImportedTask.Priority {
    /// PRIORITY of RFC 5545 §3.8.1.9, as `CalendarImport` reads it.
    fileprivate var number: Int {
        switch self {
        case .urgent: 1
        case .high: 3
        case .medium: 5
        case .low: 9
        }
    }
}
