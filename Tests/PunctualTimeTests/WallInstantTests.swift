// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

struct WallInstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
        ("2026-11-20T10:00:00+01:00", 1_795_165_200_000_000, "2026-11-20T09:00:00Z"),
        ("2026-11-20T09:00:00.5Z", 1_795_165_200_500_000, "2026-11-20T09:00:00.500Z"),
        ("2026-11-20t09:00:00.000001z", 1_795_165_200_000_001, "2026-11-20T09:00:00.000001Z"),
        // What is finer than a microsecond counts as the next one: nothing may be early.
        ("2026-11-20T09:00:00.000000001Z", 1_795_165_200_000_001, "2026-11-20T09:00:00.000001Z"),
        ("1969-12-31T23:59:59.999999999Z", 0, "1970-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59.25Z", -750_000, "1969-12-31T23:59:59.250Z"),
        ("0001-01-01T00:00:00-00:00", -62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
    ])
    func `reads and prints RFC 3339`(text: String, micros: Int64, printed: String) throws {
        let instant = try WallInstant(rfc3339: text)
        #expect(instant.microsecondsSinceEpoch == micros)
        #expect(instant.rfc3339 == printed)
        #expect(try WallInstant(rfc3339: instant.rfc3339) == instant)
    }

    @Test(arguments: [
        "", "2026-11-20", "2026-11-20T09:00:00", "2026-11-20T09:00:00.Z", "2026-11-20 09:00:00Z",
        "2026-11-20T09:00:60Z", "2026-11-20T09:00:00+24:00", "2026-11-20T09:00:00+0100",
        "2026-11-20T09:00:00.0000000000Z", "0001-01-01T00:00:00+00:01", "2026-11-20T09:00:00Zz",
        "9999-12-31T23:59:59-00:01", "20261120T090000Z\0", "10000-01-01T00:00:00Z",
    ])
    func `refuses what is not an RFC 3339 timestamp`(text: String) {
        #expect(throws: TimeFormatError.self) { try WallInstant(rfc3339: text) }
    }

    @Test func `reads and prints the basic form, rounding up`() throws {
        let instant = try WallInstant(basic: "20261120T090000Z")
        #expect(instant.basic == "20261120T090000Z")
        #expect(instant.adding(microseconds: 1).basic == "20261120T090001Z")
        #expect(throws: TimeFormatError.self) { try WallInstant(basic: "20261120T090000") }
        #expect(throws: TimeFormatError.self) { try WallInstant(basic: "2026-11-20T09:00:00Z") }
    }

    @Test func `saturates instead of overflowing`() {
        let last = WallInstant(microsecondsSinceEpoch: .max)
        let first = WallInstant(microsecondsSinceEpoch: .min)
        #expect(last.adding(microseconds: 1) == last)
        #expect(first.adding(microseconds: -1) == first)
        #expect(WallInstant(secondsSinceEpoch: .max) == last)
        #expect(last.advanced(by: .seconds(1)) == last)
        #expect(first.advanced(by: .seconds(Int64.min)) == first)
        #expect(last.rfc3339 == "9999-12-31T23:59:59.775807Z")
        #expect(first.secondsSinceEpoch == -9_223_372_036_855)
    }

    @Test func `advances by durations, rounding up`() {
        let epoch = WallInstant(microsecondsSinceEpoch: 0)
        #expect(epoch.advanced(by: .nanoseconds(1)).microsecondsSinceEpoch == 1)
        #expect(epoch.advanced(by: .nanoseconds(-1)).microsecondsSinceEpoch == 0)
        #expect(epoch.advanced(by: .milliseconds(-1500)).microsecondsSinceEpoch == -1_500_000)
        #expect(epoch.advanced(by: .seconds(90)).microsecondsSinceEpoch == 90_000_000)
    }
}
