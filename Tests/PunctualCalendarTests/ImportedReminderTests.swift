// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import PunctualTime
import Testing

@Suite struct ImportedReminderTests {
    private let event = """
        DTSTART;TZID=Europe/Berlin:20260105T100000
        DTEND;TZID=Europe/Berlin:20260105T120000
        """

    private func alarm(_ lines: String) -> String {
        "BEGIN:VALARM\nACTION:DISPLAY\n\(lines)\nEND:VALARM"
    }

    private func offset(_ text: String) throws -> ImportedReminder {
        .offset(try CalendarDuration(text))
    }

    private func reminders(_ kind: String, _ lines: String) throws -> [ImportedReminder] {
        try #require(imported(calendar(kind, lines)).tasks.first).reminders
    }

    @Test(arguments: [
        ("TRIGGER:-PT15M", "-PT15M"),
        ("TRIGGER;VALUE=DURATION:P0D", "PT0S"),
        ("TRIGGER;RELATED=START:-P1W", "-P7D"),
        ("TRIGGER;RELATED=END:PT0S", "PT2H"),
        ("TRIGGER;RELATED=END:-PT3H", "-PT1H"),
        ("TRIGGER;RELATED=END:-P1D", "-PT22H"),
        ("TRIGGER;TZID=Europe/Berlin;VALUE=DATE-TIME:20260104T100000", "-P1D"),
    ])
    func `counts the alarms of an event from its start`(_ trigger: String, _ expected: String)
        throws
    {
        #expect(try reminders("VEVENT", "\(event)\n\(alarm(trigger))") == [offset(expected)])
    }

    @Test(arguments: [
        ("DUE:20260105T120000Z", "TRIGGER:-PT15M", "-PT15M"),
        ("DUE:20260105T120000Z", "TRIGGER;RELATED=END:-PT15M", "-PT15M"),
        ("DTSTART:20260105T100000Z\nDUE:20260105T120000Z", "TRIGGER:-PT15M", "-PT2H15M"),
        ("DTSTART:20260103T120000Z\nDUE:20260105T120000Z", "TRIGGER:PT1H", "-PT47H"),
        ("DTSTART:20260105T100000Z\nDURATION:PT2H", "TRIGGER;RELATED=END:PT0S", "PT0S"),
    ])
    func `counts the alarms of a to-do from its due time`(
        _ times: String,
        _ trigger: String,
        _ expected: String
    ) throws {
        #expect(try reminders("VTODO", "\(times)\n\(alarm(trigger))") == [offset(expected)])
    }

    @Test func `counts the end of an all-day event from its last day`() throws {
        let trigger = alarm("TRIGGER;RELATED=END:-PT1H")
        #expect(
            try reminders("VEVENT", "DTSTART;VALUE=DATE:20260105\n\(trigger)") == [offset("PT23H")]
        )
        #expect(
            try reminders("VEVENT", "DTSTART:20260105\nDTEND:20260107\n\(trigger)")
                == [offset("PT47H")]
        )
    }

    @Test func `keeps an absolute trigger as an instant`() throws {
        let trigger = alarm("TRIGGER;VALUE=DATE-TIME:20260104T080000Z")
        let instant = WallInstant(utc: try CivilDateTime("20260104T080000"))
        #expect(try reminders("VEVENT", "\(event)\n\(trigger)") == [.at(instant)])
    }

    @Test func `expands a repeated alarm`() throws {
        let trigger = alarm("TRIGGER:-PT10M\nREPEAT:2\nDURATION:PT5M")
        #expect(
            try reminders("VEVENT", "\(event)\n\(trigger)")
                == [offset("-PT10M"), offset("-PT5M"), offset("PT0S")]
        )
    }

    @Test func `bounds the reminders of one task`() throws {
        let trigger = alarm("TRIGGER:-PT10M\nREPEAT:999999999\nDURATION:PT5M")
        let result = try imported(calendar("\(event)\n\(trigger)"))
        #expect(result.tasks.first?.reminders.count == CalendarLimits.remindersPerTask)
        #expect(result.notices.contains { $0.property == "VALARM" })
    }

    @Test(arguments: [
        "TRIGGER:soon", "TRIGGER:-P99999999999D", "X-A:b", "TRIGGER:20260104T080000",
        "TRIGGER:-PT15M\nREPEAT:2", "TRIGGER:-PT15M\nREPEAT:many\nDURATION:PT5M",
    ])
    func `notes an alarm that cannot be kept`(_ lines: String) throws {
        let notices = try imported(calendar("DTSTART:20260105T100000Z\n\(alarm(lines))")).notices
        #expect(notices.contains { $0.component == "Test" })
    }

    @Test func `notes an alarm that has nothing to count from`() throws {
        let result = try imported(calendar("VTODO", alarm("TRIGGER:-PT15M")))
        #expect(result.tasks.map(\.reminders) == [[]])
        #expect(result.notices.map(\.property) == ["TRIGGER"])
    }

    @Test func `notes what an alarm does beyond reminding`() throws {
        let text = """
            \(event)
            BEGIN:VALARM
            ACTION:EMAIL
            TRIGGER:-PT15M
            ATTENDEE:mailto:a@b.example
            END:VALARM
            BEGIN:VALARM
            ACTION:AUDIO
            TRIGGER:-PT15M
            END:VALARM
            BEGIN:VALARM
            ACTION:NONE
            TRIGGER;VALUE=DATE-TIME:19760401T005545Z
            END:VALARM
            """
        let result = try imported(calendar(text))
        #expect(result.tasks.map(\.reminders) == [[try offset("-PT15M")]])
        #expect(
            Set(result.notices.map(\.property)) == [
                "VEVENT.DTEND", "VALARM.ACTION", "VALARM.ATTENDEE", "VALARM",
            ]
        )
    }
}
