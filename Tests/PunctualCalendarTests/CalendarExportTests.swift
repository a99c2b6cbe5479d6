// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import PunctualTime
import Testing

@Suite struct CalendarExportTests {
    private static let now = WallInstant(secondsSinceEpoch: 1_795_176_000)

    private func exported(
        _ rules: @escaping @Sendable (String) -> ZoneRules? = { _ in .utc },
        _ edit: (inout ExportedTask) throws -> Void
    ) rethrows -> String {
        var task = ExportedTask(
            uid: "task-1@punctual",
            title: "Test",
            createdAt: Self.now,
            updatedAt: Self.now
        )
        try edit(&task)
        var export = CalendarExport(rules: rules)
        export.begin()
        export.add(task)
        export.end()
        return String(decoding: export.take(), as: UTF8.self)
    }

    /// The lines of a calendar, unfolded.
    private func lines(_ calendar: String) -> [String] {
        // By bytes: a fold may come before a scalar that would join the space to one character.
        String(
            decoding: Array(calendar.utf8).replacing(Array("\r\n ".utf8), with: []),
            as: UTF8.self
        )
        .split(separator: "\r\n").map(String.init)
    }

    @Test(arguments: [0, 1, 60, 66, 67, 68, 69, 74, 75, 76, 148, 149, 500])
    func `folds after 75 octets, never within a character`(_ length: Int) {
        let title = String(repeating: "a", count: length) + String(repeating: "é漢👩‍🚀", count: 30)
        let calendar = exported { $0.title = title }
        for line in Array(calendar.utf8).split(separator: UInt8(ascii: "\n")) {
            #expect(line.count <= 76 && line.last == UInt8(ascii: "\r"))
            #expect(String(validating: line, as: UTF8.self) != nil)
        }
        #expect(lines(calendar).contains("SUMMARY:\(title)"))
    }

    @Test func `escapes what has a meaning, and leaves out control characters`() {
        let calendar = exported {
            $0.title = "a\\b;c,d\u{07}\t\"e\""
            $0.description = "one\r\ntwo\nthree\rfour"
            $0.tags = ["x,y", "z;"]
        }
        #expect(lines(calendar).contains("SUMMARY:a\\\\b\\;c\\,d\t\"e\""))
        #expect(lines(calendar).contains("DESCRIPTION:one\\ntwo\\nthree\\nfour"))
        #expect(lines(calendar).contains("CATEGORIES:x\\,y,z\\;"))
    }

    @Test(
        arguments: [
            (0, 0, "PT0S"), (-1, 0, "-P1D"), (0, -3_600, "-PT1H"), (1, 5, "P1DT5S"),
            (0, 3_605, "PT1H0M5S"), (0, 129_600, "PT36H"), (-2, -90, "-P2DT1M30S"),
        ]
    )
    func `writes durations without gaps between their units`(
        _ days: Int,
        _ seconds: Int,
        _ text: String
    ) throws {
        let duration = try CalendarDuration(days: days, seconds: seconds)
        let calendar = exported {
            $0.due = .instant(Self.now)
            $0.reminders = [.offset(duration)]
        }
        #expect(lines(calendar).contains("TRIGGER;RELATED=END:\(text)"))
        #expect(try CalendarDuration(text) == duration)
    }

    @Test func `a series goes on for others from the occurrence that is to be done`() throws {
        let zone = "Europe/Berlin"
        let calendar = try exported {
            $0.due = .local(try CivilDateTime("2027-02-28T09:00:00"), zoneIdentifier: zone)
            $0.recurrence = ExportedRecurrence(
                rule: try RecurrenceRule(
                    "RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=12;SKIP=BACKWARD"
                ),
                start: try CivilDateTime("2026-12-31T09:00:00"),
                occurrence: 3,
                dates: [
                    try CivilDateTime("2027-01-01T09:00:00"),
                    try CivilDateTime("2027-06-01T09:00:00"),
                ]
            )
        }
        let lines = lines(calendar)
        #expect(lines.contains("DTSTART;TZID=\(zone):20270228T090000"))
        #expect(
            lines.contains(
                "RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=10;BYMONTHDAY=31;SKIP=BACKWARD"
            )
        )
        #expect(lines.contains("RDATE;TZID=\(zone):20270601T090000"))
        #expect(lines.contains("X-PUNCTUAL-DTSTART:20261231T090000"))
        let task = try #require(imported(calendar).tasks.first)
        #expect(
            task.extensions[.seriesRule]
                == "RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=12;SKIP=BACKWARD"
        )
    }

    @Test func `tasks can be events at the time when they are due`() throws {
        var export = CalendarExport(as: .events) { _ in .utc }
        export.begin()
        for due in [nil, CalendarTime.instant(Self.now)] {
            var task = ExportedTask(
                uid: "task-1@punctual",
                title: "Rent",
                createdAt: Self.now,
                updatedAt: Self.now
            )
            task.due = due
            task.recurrence = ExportedRecurrence(
                rule: try RecurrenceRule("FREQ=MONTHLY"),
                start: CivilDateTime(secondsSinceEpoch: Self.now.secondsSinceEpoch)
            )
            task.reminders = [.offset(try CalendarDuration(seconds: -3_600))]
            export.add(task)
        }
        export.end()
        let calendar = try imported(export.take())
        #expect(calendar.entryCount == 1)
        let event = try #require(calendar.tasks.first)
        #expect(event.isEvent && event.due == .instant(Self.now))
        #expect(event.recurrence?.rule?.description == "FREQ=MONTHLY")
        #expect(event.reminders == [.offset(try CalendarDuration(seconds: -3_600))])
    }

    @Test func `says that there is no alarm, and an import believes it`() throws {
        let silent = try imported(exported { $0.due = .instant(Self.now) })
        #expect(silent.tasks.first?.refusesReminders == true)
        let undated = try imported(exported { _ in })
        #expect(undated.tasks.first?.refusesReminders == false)
    }

    @Test func `defines each zone once, where it is first used`() throws {
        var export = CalendarExport { _ in .utc }
        export.begin()
        for number in 1...2 {
            var task = ExportedTask(
                uid: "\(number)",
                title: "Test",
                createdAt: Self.now,
                updatedAt: Self.now
            )
            task.due = .local(CivilDateTime(secondsSinceEpoch: 0), zoneIdentifier: "Etc/UTC")
            export.add(task)
        }
        let lines = lines(String(decoding: export.take(), as: UTF8.self))
        #expect(lines.count { $0 == "BEGIN:VTIMEZONE" } == 1)
        #expect(
            lines.firstIndex(of: "BEGIN:VTIMEZONE") ?? 99 < lines.firstIndex(of: "BEGIN:VTODO") ?? 0
        )
        #expect(lines.contains("TZOFFSETTO:+0000"))
    }
}
