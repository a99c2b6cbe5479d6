// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import Testing

/// Lines, components and bounds: what happens before an entry means anything.
@Suite struct CalendarReadingTests {
    @Test func `unfolds lines, even within a character, with CRLF or LF`() throws {
        for lineBreak in ["\r\n", "\n"] {
            let head = "BEGIN:VTODO\(lineBreak)SUMMARY:caf\u{0}\(lineBreak)"
            var bytes = Array(head.utf8)
            bytes.removeLast(lineBreak.utf8.count + 1)
            bytes += [0xC3] + Array("\(lineBreak) ".utf8) + [0xA9]
            bytes += Array("\(lineBreak)\t au lait\(lineBreak)END:VTODO".utf8)
            let result = try imported(bytes)
            #expect(result.tasks.map(\.title) == ["café au lait"])
            #expect(result.notices.isEmpty)
        }
    }

    @Test func `passes over a byte-order mark and empty lines`() throws {
        let text =
            "\u{FEFF}BEGIN:VCALENDAR\r\n\r\nBEGIN:VTODO\n\nSUMMARY:a\n\nEND:VTODO\nEND:VCALENDAR"
        let result = try imported(text)
        #expect(result.tasks.map(\.title) == ["a"])
        #expect(result.tasks.map(\.line) == [3])
        #expect(result.notices.isEmpty)
    }

    @Test func `notes a line that was broken without folding`() throws {
        let notices = try imported(calendar("VTODO", "DESCRIPTION:one\ntwo three")).notices
        #expect(notices.map(\.line) == [6])
        #expect(notices.map(\.component) == ["Test"])
        #expect(notices.first?.message.contains("two three") == true)
    }

    @Test func `closes what the file leaves open`() throws {
        let text = """
            BEGIN:VCALENDAR
            BEGIN:VEVENT
            SUMMARY:a
            DTSTART:20260130
            BEGIN:VALARM
            TRIGGER:-PT1H
            END:VEVENT
            BEGIN:VEVENT
            SUMMARY:b
            DTSTART:20260130
            BEGIN:VEVENT
            SUMMARY:c
            DTSTART:20260130
            """
        let result = try imported(text)
        #expect(result.tasks.map(\.title) == ["a", "b", "c"])
        #expect(result.tasks.map(\.reminders.count) == [1, 0, 0])
        #expect(result.notices.map(\.property) == ["VCALENDAR", "VALARM", "VEVENT", "VEVENT"])
    }

    @Test func `notes an END that closes nothing`() throws {
        let result = try imported(calendar("VTODO", "END:VALARM"))
        #expect(result.tasks.count == 1)
        #expect(result.notices.map(\.property) == ["END"])
    }

    @Test(arguments: ["", "hello", "<html></html>", "BEGIN:VCARD\nFN:a\nEND:VCARD"])
    func `refuses what is no calendar`(_ text: String) {
        let error = #expect(throws: CalendarError.self) { try imported(text) }
        #expect(error?.code == .notACalendar)
    }

    @Test func `refuses UTF-16`() {
        let error = #expect(throws: CalendarError.self) { try imported([0xFF, 0xFE, 0x42, 0]) }
        #expect(error?.code == .unsupportedEncoding)
    }

    @Test func `refuses more than each bound allows`() {
        let many = { (text: String, count: Int) in String(repeating: text, count: count) }
        let inputs = [
            many("BEGIN:VTODO\nX-A:b\nEND:VTODO\n", CalendarLimits.inputBytes / 29 + 1),
            "BEGIN:VTODO\nX:" + many("a", CalendarLimits.lineBytes),
            "BEGIN:VTODO\nX:" + many("aaaa\n ", CalendarLimits.lineBytes / 4),
            many("BEGIN:VTODO\nEND:VTODO\n", CalendarLimits.components + 1),
            many("BEGIN:X\n", CalendarLimits.nesting + 1),
            "BEGIN:VTODO\n" + many("X-A:b\n", CalendarLimits.propertiesPerComponent + 1),
        ]
        for input in inputs {
            let error = #expect(throws: CalendarError.self) { try imported(input) }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test func `counts the notices that it does not list`() throws {
        let junk = String(repeating: "!\n", count: CalendarLimits.notices + 5)
        let notices = try imported("BEGIN:VTODO\nSUMMARY:a\n\(junk)END:VTODO").notices
        #expect(notices.count == CalendarLimits.notices + 1)
        #expect(notices.last?.count == 5)
    }
}
