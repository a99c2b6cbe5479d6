// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualCalendar
import PunctualTime
import Testing

@Suite struct CalendarTimeTests {
    private func rules(_ zone: String) -> ZoneRules? {
        guard knownZones.contains(zone),
            let bytes = FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(zone)")
        else { return nil }
        // `try?`: to these tests an unreadable zone is one that is not known.
        return try? ZoneRules(identifier: zone, tzif: Array(bytes))
    }

    private func utc(_ text: String) throws -> WallInstant {
        WallInstant(utc: try CivilDateTime(text))
    }

    @Test func `is an instant in its own zone or the user's`() throws {
        let noon = try CivilDateTime("20260705T120000")
        let times: [(CalendarTime, String)] = [
            (.instant(WallInstant(utc: noon)), "20260705T120000"),
            (.local(noon, zoneIdentifier: "America/New_York"), "20260705T160000"),
            (.floating(noon), "20260705T100000"),
            (.date(noon.date), "20260704T220000"),
        ]
        for (time, expected) in times {
            let instant = time.instant(userZone: "Europe/Berlin") { rules($0) }
            #expect(instant == (try utc(expected)))
        }
    }

    @Test func `is a local time in the zone of a series`() throws {
        let noon = try CivilDateTime("20260705T120000")
        let times: [(CalendarTime, String)] = [
            (.instant(WallInstant(utc: noon)), "20260705T140000"),
            (.local(noon, zoneIdentifier: "America/New_York"), "20260705T180000"),
            (.local(noon, zoneIdentifier: "Europe/Berlin"), "20260705T120000"),
            (.floating(noon), "20260705T120000"),
            (.date(noon.date), "20260705T000000"),
        ]
        for (time, expected) in times {
            let civil = time.civil(inZone: "Europe/Berlin") { rules($0) }
            #expect(civil == (try CivilDateTime(expected)))
        }
    }

    @Test func `is nothing in a zone that nobody knows`() throws {
        let time = CalendarTime.local(
            try CivilDateTime("20260705T120000"),
            zoneIdentifier: "Nowhere/Land"
        )
        #expect(time.instant(userZone: "UTC") { rules($0) } == nil)
        #expect(time.civil(inZone: "UTC") { rules($0) } == nil)
    }
}
