// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import Testing

@Suite struct ContentLineTests {
    private func parsed(_ text: String) -> ContentLine? {
        ContentLine(parsing: Array(text.utf8)[...], line: 1)
    }

    @Test func `reads name, parameters and value`() throws {
        let line = try #require(
            parsed("dtstart;tzid=Europe/Lisbon;VALUE=DATE-TIME:20260130T090000")
        )
        #expect(line.name == "DTSTART")
        #expect(line.parameter("TZID") == "Europe/Lisbon")
        #expect(line.parameter("VALUE") == "DATE-TIME")
        #expect(line.value == "20260130T090000")
    }

    @Test func `keeps colons, semicolons and commas inside quotes`() throws {
        let line = try #require(parsed(#"ATTENDEE;CN="A; B: C, D";ROLE=CHAIR:mailto:a@b.example"#))
        #expect(line.parameter("CN") == "A; B: C, D")
        #expect(line.parameter("ROLE") == "CHAIR")
        #expect(line.value == "mailto:a@b.example")
    }

    @Test func `reads several values of one parameter`() throws {
        let line = try #require(parsed(#"X;DELEGATED-TO="mailto:a","mailto:b",c:v"#))
        #expect(line.parameters.map(\.values) == [["mailto:a", "mailto:b", "c"]])
    }

    @Test func `decodes the carets of RFC 6868`() throws {
        let line = try #require(parsed(#"X;CN=a^nb^'c^^d^e^:v"#))
        #expect(line.parameter("CN") == "a\nb\"c^d^e^")
    }

    @Test func `accepts a parameter without a value`() throws {
        let line = try #require(parsed("SUMMARY;QUOTED-PRINTABLE:a"))
        #expect(line.parameters.map(\.name) == ["QUOTED-PRINTABLE"])
        #expect(line.parameters.map(\.values) == [[]])
    }

    @Test(arguments: ["", ":", "no colon", ";A=b:c", "A;=b:c", #"A;B="open:c"#, "A;B", "Ä:b"])
    func `refuses what is no content line`(_ text: String) {
        #expect(parsed(text) == nil)
    }

    @Test func `undoes the escapes of text`() throws {
        let line = try #require(parsed(#"DESCRIPTION:a\nb\Nc\, d\; e\\n f\: C:\Temp \"#))
        #expect(line.text == "a\nb\nc, d; e\\n f: C:\\Temp \\")
    }

    @Test func `divides a list at the commas that are not escaped`() throws {
        let line = try #require(parsed(#"CATEGORIES:a\,b,c,,d"#))
        #expect(line.textList == ["a,b", "c", "", "d"])
    }

    @Test func `replaces what is not UTF-8 and removes control characters`() throws {
        let bytes = Array("SUMMARY:a".utf8) + [0x00, 0xE9] + Array("b".utf8)
        let line = try #require(ContentLine(parsing: bytes[...], line: 1))
        #expect(line.value == "a\u{FFFD}b")
        #expect(line.isRepaired)
    }
}
