// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import PunctualTime
import Testing

@Suite struct CalendarImportTests {
    @Test func `reads every field of a to-do`() throws {
        let task = try #require(
            imported(
                calendar(
                    "VTODO",
                    """
                    UID:1@example
                    DUE;TZID=Europe/Lisbon:20260130T090000
                    DESCRIPTION:Line one\\nline two
                    LOCATION:Room 4\\, upstairs
                    URL:https://example/x
                    CATEGORIES:work,home
                    CATEGORIES:work
                    PRIORITY:2
                    """
                )
            ).tasks.first
        )
        #expect(task.uid == "1@example")
        #expect(task.title == "Test")
        #expect(
            task.description
                == "Line one\nline two\n\nLocation: Room 4, upstairs\nLink: https://example/x"
        )
        #expect(task.tags == ["work", "home"])
        #expect(task.priority == .urgent)
        #expect(task.status == .active)
        #expect(
            task.due
                == .local(try CivilDateTime("20260130T090000"), zoneIdentifier: "Europe/Lisbon")
        )
        #expect(task.recurrence == nil)
        #expect(task.reminders.isEmpty)
    }

    @Test(arguments: [
        (0, ImportedTask.Priority.medium), (1, .urgent), (2, .urgent), (3, .high), (4, .high),
        (5, .medium), (6, .low), (9, .low),
    ])
    func `maps the priorities of RFC 5545`(_ number: Int, _ priority: ImportedTask.Priority) throws
    {
        let calendar = try imported(calendar("VTODO", "PRIORITY:\(number)"))
        #expect(calendar.tasks.map(\.priority) == [priority])
        #expect(calendar.notices.isEmpty)
    }

    @Test func `keeps when a to-do was completed`() throws {
        let text = calendar("VTODO", "STATUS:COMPLETED\nCOMPLETED:20260110T113000Z")
        let completed = try CivilDateTime("20260110T113000")
        #expect(
            try imported(text).tasks.map(\.status) == [.completed(at: WallInstant(utc: completed))]
        )
        #expect(
            try imported(calendar("VTODO", "PERCENT-COMPLETE:100")).tasks.map(\.status)
                == [.completed(at: nil)]
        )
    }

    @Test func `finds the due time of a to-do`() throws {
        let start = "DTSTART:20260130T090000"
        let nine = try CivilDateTime("20260130T090000")
        #expect(try imported(calendar("VTODO", start)).tasks.map(\.due) == [.floating(nine)])
        #expect(
            try imported(calendar("VTODO", "\(start)\nDURATION:PT1H")).tasks.map(\.due)
                == [.floating(nine.adding(seconds: 3600))]
        )
        #expect(
            try imported(calendar("VTODO", "\(start)\nDUE:20260131T090000")).tasks.map(\.due)
                == [.floating(nine.adding(seconds: 86_400))]
        )
        #expect(try imported(calendar("VTODO", "X-A:b")).tasks.map(\.due) == [nil])
    }

    @Test(arguments: [
        "DTSTART;VALUE=DATE:20260130", "DTSTART:20260130", "DTSTART;VALUE=DATE:20260130T000000",
        "DTSTART:2026-01-30",
    ])
    func `reads an all-day event, also when sloppily written`(_ line: String) throws {
        #expect(try imported(calendar(line)).tasks.map(\.due) == [.date(CivilDate("20260130"))])
    }

    @Test func `names what a task cannot keep, once for each property`() throws {
        let text = calendar("DTSTART:20260130T090000Z\nGEO:1;2\nX-A:b\nDTEND:20260130T100000Z")
        let notices = try imported(text + text).notices
        #expect(notices.map(\.property) == ["VEVENT.GEO", "VEVENT.X-A", "VEVENT.DTEND"])
        #expect(notices.map(\.count) == [2, 2, 2])
        #expect(notices.map(\.line) == [6, 7, 8])
    }

    @Test func `refuses cancelled entries and says so`() throws {
        let result = try imported(calendar("DTSTART:20260130T090000Z\nSTATUS:CANCELLED"))
        #expect(result.tasks.isEmpty)
        #expect(result.refusedCount == 1)
        #expect(result.notices.map(\.component) == ["Test"])
        #expect(result.notices.map(\.line) == [3])
    }

    @Test func `notes components that are no tasks`() throws {
        let result = try imported(calendar("VJOURNAL", "UID:1"))
        #expect(result.entryCount == 0)
        #expect(result.notices.map(\.property) == ["VJOURNAL"])
    }

    @Test func `gives a task without a summary a title`() throws {
        let text = "BEGIN:VTODO\nDESCRIPTION:\\n Call Ann\\nsoon\nEND:VTODO\nBEGIN:VTODO\nEND:VTODO"
        let result = try imported(text)
        #expect(result.tasks.map(\.title) == ["Call Ann", "(untitled)"])
        #expect(result.notices.map(\.property) == ["SUMMARY", "SUMMARY"])
    }

    @Test func `keeps the newest of several revisions`() throws {
        let old = calendar("UID:1\nDTSTART:20260130T090000Z\nSEQUENCE:1")
        let new = calendar("UID:1\nDTSTART:20260130T090000Z\nSEQUENCE:2\nPRIORITY:1")
        for text in [old + new, new + old] {
            let result = try imported(text)
            #expect(result.tasks.map(\.priority) == [.urgent])
            #expect(result.refusedCount == 1)
        }
    }
}
