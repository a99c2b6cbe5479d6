// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import PunctualTime
import Testing

/// TZIDs, seen through the due time of an event.
@Suite struct ZoneResolverTests {
    private func event(_ tzid: String, definition: String = "", header: String = "") -> String {
        """
        BEGIN:VCALENDAR
        \(header)
        BEGIN:VTIMEZONE
        TZID:\(tzid)
        \(definition)
        END:VTIMEZONE
        BEGIN:VEVENT
        SUMMARY:a
        DTSTART;TZID="\(tzid)":20260130T090000
        END:VEVENT
        END:VCALENDAR
        """
    }

    @Test(arguments: [
        ("Europe/Berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("/citadel.org/20190914_1/UTC", "UTC"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("GMT Standard Time", "Europe/London"),
    ])
    func `finds the IANA zone of a TZID`(_ tzid: String, _ zone: String) throws {
        let result = try imported(event(tzid))
        #expect(result.tasks.first?.due?.zoneIdentifier == zone)
        #expect(result.notices.isEmpty)
    }

    @Test(arguments: [
        ("X-LIC-LOCATION:Europe/Berlin", "Europe/Berlin"),
        ("X-TZINFO:Europe/London[2024a]", "Europe/London"),
        ("BEGIN:STANDARD\nTZOFFSETTO:+0100\nEND:STANDARD", "Etc/GMT-1"),
        ("BEGIN:STANDARD\nTZOFFSETTO:+0000\nEND:STANDARD", "Etc/UTC"),
    ])
    func `asks the calendar's own definition`(_ definition: String, _ zone: String) throws {
        let result = try imported(event("Customized Time Zone", definition: definition))
        #expect(result.tasks.first?.due?.zoneIdentifier == zone)
        #expect(result.notices.isEmpty)
    }

    @Test(arguments: [("", "Europe/Paris"), ("X-WR-TIMEZONE:Europe/Lisbon", "Europe/Lisbon")])
    func `falls back with a notice that names the TZID`(_ header: String, _ zone: String) throws {
        let rules = "BEGIN:STANDARD\nTZOFFSETTO:+0530\nEND:STANDARD"
        let result = try imported(event("Nowhere/Land", definition: rules, header: header))
        #expect(result.tasks.first?.due?.zoneIdentifier == zone)
        #expect(result.notices.map(\.property) == ["TZID"])
        #expect(result.notices.first?.message.contains("Nowhere/Land") == true)
    }

    @Test(arguments: ["../../etc/passwd", "/", "", "a/../UTC", "Zürich"])
    func `asks the caller for plain names only`(_ tzid: String) throws {
        var asked: [String] = []
        _ = try CalendarImport(
            reading: Array(event(tzid).utf8),
            defaultZone: "UTC",
            isKnownZone: { name in
                asked.append(name)
                return false
            }
        )
        #expect(asked.isEmpty)
    }

    @Test func `a time in UTC has no other zone`() throws {
        let result = try imported(calendar("DTSTART;TZID=Europe/Berlin:20260130T090000Z"))
        let nine = try CivilDateTime("20260130T090000")
        #expect(result.tasks.map(\.due) == [.instant(WallInstant(utc: nine))])
        #expect(result.notices.map(\.property) == ["VEVENT.DTSTART"])
    }
}
