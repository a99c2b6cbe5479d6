// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import PunctualTime
import Testing

@Suite struct ImportedRecurrenceTests {
    private let weekly = "DTSTART;TZID=Europe/Berlin:20260105T101500\nRRULE:FREQ=WEEKLY"

    private func local(_ text: String, _ zone: String = "Europe/Berlin") throws -> CalendarTime {
        .local(try CivilDateTime(text), zoneIdentifier: zone)
    }

    /// The only task of a calendar and its recurrence.
    private func series(_ text: String) throws -> (ImportedTask, ImportedRecurrence) {
        let task = try #require(imported(text).tasks.first)
        return (task, try #require(task.recurrence))
    }

    @Test func `reads rule, added and excepted dates`() throws {
        let text = """
            \(weekly)
            RDATE;TZID=Europe/Berlin:20260107T101500,20260107T101500
            EXDATE;TZID=Europe/Berlin:20260112T101500,20260119T101500
            EXDATE:20260126T091500Z
            """
        let (task, recurrence) = try series(calendar(text))
        #expect(task.due == (try local("20260105T101500")))
        #expect(recurrence.rule == (try RecurrenceRule("FREQ=WEEKLY")))
        #expect(recurrence.dates == [try local("20260107T101500")])
        #expect(
            recurrence.exceptions == [
                try local("20260112T101500"), try local("20260119T101500"),
                .instant(WallInstant(utc: try CivilDateTime("20260126T091500"))),
            ]
        )
    }

    @Test func `recurs by dates alone, of periods by their starts`() throws {
        let text = """
            DTSTART:20260105T100000Z
            RDATE;VALUE=PERIOD:20260106T100000Z/PT1H,20260107T100000Z/20260107T110000Z
            """
        let result = try imported(calendar(text))
        let recurrence = try #require(result.tasks.first?.recurrence)
        #expect(recurrence.rule == nil)
        #expect(recurrence.dates.map(\.civil.date.day) == [6, 7])
        #expect(result.notices.map(\.property) == ["VEVENT.RDATE"])
        #expect(result.notices.map(\.count) == [2])
    }

    @Test(arguments: [
        ("EXDATE;VALUE=DATE:20260112", "20260112T101500"),
        ("EXDATE:20260112T101500", "20260112T101500"),
    ])
    func `reads exceptions that lack a time or a zone`(_ line: String, _ time: String) throws {
        let result = try imported(calendar("\(weekly)\n\(line)"))
        #expect(result.tasks.first?.recurrence?.exceptions == [try local(time)])
        #expect(result.notices.map(\.property) == ["VEVENT.EXDATE"])
    }

    @Test(arguments: [
        "FREQ=FORTNIGHTLY", "INTERVAL=2", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;BYDAY=XX", "", "D1 #5",
        "FREQ=DAILY;COUNT=99999999999999999999", "FREQ=DAILY;UNTIL=tomorrow",
    ])
    func `imports a task with an invalid rule once, and names the rule`(_ rule: String) throws {
        let result = try imported(calendar("DTSTART:20260105T100000Z\nRRULE:\(rule)"))
        #expect(result.tasks.count == 1)
        #expect(result.tasks.first?.recurrence == nil)
        #expect(result.notices.map(\.property) == ["RRULE"])
        #expect(result.notices.first?.message.contains("“\(rule)”") == true)
    }

    @Test func `forgives spaces and empty parts in a rule`() throws {
        let text = calendar("DTSTART:20260105T100000Z\nRRULE: freq=WEEKLY; BYDAY=MO, TU;")
        #expect(try series(text).1.rule == (try RecurrenceRule("FREQ=WEEKLY;BYDAY=MO,TU")))
    }

    @Test(arguments: [
        ("DTSTART;VALUE=DATE:20260105", "20260201", "20260201", false),
        ("DTSTART;VALUE=DATE:20260105", "20260201T235959", "20260201", true),
        ("DTSTART;VALUE=DATE:20260105", "20260201T235959Z", "20260201", true),
        ("DTSTART:20260105T100000", "20260201T100000", "20260201T100000", false),
        ("DTSTART:20260105T100000", "20260201T100000Z", "20260201T100000", true),
        ("DTSTART:20260105T100000", "20260201", "20260201", true),
        (
            "DTSTART;TZID=Europe/Berlin:20260105T100000", "20260201T090000Z", "20260201T090000Z",
            false
        ),
        ("DTSTART;TZID=Europe/Berlin:20260105T100000", "20260201T100000", "20260201T100000", true),
        ("DTSTART;TZID=Europe/Berlin:20260105T100000", "20260201", "20260201", true),
    ])
    func `reconciles UNTIL with DTSTART`(
        _ start: String,
        _ until: String,
        _ expected: String,
        _ isNoted: Bool
    ) throws {
        let result = try imported(calendar("\(start)\nRRULE:FREQ=DAILY;UNTIL=\(until)"))
        let rule = try #require(result.tasks.first?.recurrence?.rule)
        #expect(rule == (try RecurrenceRule("FREQ=DAILY;UNTIL=\(expected)")))
        #expect(result.notices.map(\.property) == (isNoted ? ["RRULE"] : []))
    }

    @Test func `keeps the first of several rules and notes the others`() throws {
        let text = calendar("\(weekly)\nRRULE:FREQ=DAILY\nEXRULE:FREQ=MONTHLY")
        let result = try imported(text)
        #expect(result.tasks.first?.recurrence?.rule?.frequency == .weekly)
        #expect(result.notices.map(\.property) == ["RRULE", "EXRULE"])
    }

    @Test func `a changed occurrence is a task of its own and an exception of its series`() throws {
        let master = calendar("UID:1\n\(weekly)")
        let changed = calendar(
            """
            UID:1
            RECURRENCE-ID;TZID=Europe/Berlin:20260112T101500
            DTSTART;TZID=Europe/Berlin:20260112T140000
            """
        )
        let cancelled = calendar(
            """
            UID:1
            RECURRENCE-ID;TZID=Europe/Berlin:20260119T101500
            DTSTART;TZID=Europe/Berlin:20260119T101500
            STATUS:CANCELLED
            """
        )
        for text in [master + changed + cancelled, cancelled + changed + master] {
            let result = try imported(text)
            #expect(result.entryCount == 3)
            #expect(result.mergedCount == 1)
            #expect(result.tasks.count == 2)
            #expect(result.notices.isEmpty)
            let series = try #require(result.tasks.first { $0.recurrence != nil })
            let exceptions = try #require(series.recurrence?.exceptions)
            #expect(
                Set(exceptions) == [try local("20260112T101500"), try local("20260119T101500")]
            )
            let other = try #require(result.tasks.first { $0.recurrence == nil })
            #expect(other.recurrenceID == (try local("20260112T101500")))
            #expect(other.due == (try local("20260112T140000")))
        }
    }

    @Test func `notes an occurrence whose series is missing, and a range`() throws {
        let text = "DTSTART:20260105T100000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260105T100000Z"
        let result = try imported(calendar("UID:1\n\(text)"))
        #expect(result.tasks.count == 1)
        #expect(result.notices.map(\.property) == ["RECURRENCE-ID", "RECURRENCE-ID"])
    }

    @Test func `a change of an event that never recurred replaces it`() throws {
        let event = calendar("UID:1\nDTSTART:20260105T100000Z")
        let changed = calendar("UID:1\nDTSTART:20260106T100000Z\nRECURRENCE-ID:20260105T100000Z")
        let result = try imported(event + changed)
        #expect(result.tasks.compactMap(\.due?.civil.date.day) == [6])
        #expect(result.mergedCount == 1)
    }

    @Test func `moves the series of a to-do from its start to its due time`() throws {
        let text = """
            UID:1
            DTSTART;TZID=Europe/Berlin:20260105T080000
            DUE;TZID=Europe/Berlin:20260105T180000
            RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260302T070000Z
            EXDATE;TZID=Europe/Berlin:20260112T080000
            """
        let cancelled = """
            UID:1
            RECURRENCE-ID;TZID=Europe/Berlin:20260119T080000
            STATUS:CANCELLED
            """
        let (task, recurrence) = try series(
            calendar("VTODO", text) + calendar("VTODO", cancelled)
        )
        #expect(task.due == (try local("20260105T180000")))
        #expect(
            recurrence.rule
                == (try RecurrenceRule("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260302T170000Z"))
        )
        #expect(
            recurrence.exceptions
                == [try local("20260112T180000"), try local("20260119T180000")]
        )
    }

    @Test func `counts a series from its start where moving it would change the rule`() throws {
        let text = """
            DTSTART;TZID=Europe/Berlin:20260105T080000
            DUE;TZID=Europe/Berlin:20260107T180000
            RRULE:FREQ=WEEKLY;BYDAY=MO
            """
        let result = try imported(calendar("VTODO", text))
        #expect(result.tasks.first?.due == (try local("20260105T080000")))
        #expect(result.notices.map(\.property) == ["RRULE"])
    }

    @Test func `a completed to-do and a to-do without a date do not recur`() throws {
        for line in ["DUE:20260105T100000Z\nSTATUS:COMPLETED", "X-A:b"] {
            let result = try imported(calendar("VTODO", "\(line)\nRRULE:FREQ=DAILY"))
            #expect(result.tasks.map(\.recurrence) == [nil])
            #expect(result.notices.contains { $0.property == "RRULE" })
        }
    }

    @Test func `bounds the dates of one entry`() throws {
        let first = try CivilDateTime("20260106T100000")
        let dates = (0...CalendarLimits.datesPerEntry).map {
            first.adding(seconds: Int64($0)).basic + "Z"
        }
        let list = "RDATE:\(dates.joined(separator: ","))"
        let result = try imported(calendar("DTSTART:20260105T100000Z\n\(list)"))
        #expect(result.tasks.first?.recurrence?.dates.count == CalendarLimits.datesPerEntry)
        #expect(result.notices.map(\.property) == ["RDATE"])
    }

    @Test(arguments: [
        ("20260401T080000", "20260731T180000", "FREQ=YEARLY;COUNT=10", true),
        ("20260115T080000", "20260415T180000", "FREQ=YEARLY", false),
        ("20260101T080000", "20260115T180000", "FREQ=MONTHLY;INTERVAL=2", true),
        ("20260115T080000", "20260205T180000", "FREQ=MONTHLY", false),
        ("20260115T080000", "20260205T180000", "FREQ=WEEKLY", true),
        ("20260115T080000", "20260115T180000", "FREQ=DAILY;BYHOUR=8,9", false),
    ])
    func `moves a series by days only where every distance is the same`(
        _ start: String,
        _ due: String,
        _ rule: String,
        _ isMoved: Bool
    ) throws {
        let result = try imported(
            calendar("VTODO", "DTSTART:\(start)\nDUE:\(due)\nRRULE:\(rule)")
        )
        #expect(
            result.tasks.map(\.due) == [.floating(try CivilDateTime(isMoved ? due : start))]
        )
        #expect(result.notices.map(\.property) == (isMoved ? [] : ["RRULE"]))
    }
}
