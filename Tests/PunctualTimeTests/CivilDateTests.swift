// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

struct CivilDateTests {
    @Test func `counts the days of four hundred years one by one`() throws {
        var date = try #require(CivilDate(year: 1800, month: 1, day: 1))
        var (year, month, day) = (1800, 1, 1)
        var weekday = Weekday.wednesday
        for _ in 0..<146_097 {
            guard date.parts == (year, month, day), date.weekday == weekday,
                CivilDate(year: year, month: month, day: day) == date
            else {
                Issue.record("\(year)-\(month)-\(day) became \(date)")
                return
            }
            let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            if day > lengths[month - 1] { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
            weekday = try #require(Weekday(rawValue: (weekday.rawValue + 1) % 7))
            date = date.adding(days: 1)
        }
        #expect(date.description == "2200-01-01")
    }

    @Test func `keeps to the years 1 to 9999`() {
        #expect(CivilDate.min.description == "0001-01-01")
        #expect(CivilDate.max.description == "9999-12-31")
        #expect(CivilDate.max.adding(days: 1) == .max)
        #expect(CivilDate.min.adding(days: .min) == .min)
        #expect(CivilDateTime.max.adding(seconds: .max) == .max)
        #expect(CivilDateTime.min.description == "0001-01-01T00:00:00")
        #expect(CivilDateTime.max.basic == "99991231T235959")
    }

    @Test(arguments: [
        "20261120T090000", "2026-11-20T09:00:00", "2026-11-20t09:00:00", "19000228T235959",
    ])
    func `reads both forms of a date-time`(text: String) throws {
        let time = try CivilDateTime(text)
        #expect(try CivilDateTime(time.basic) == time)
        #expect(try CivilDateTime(time.description) == time)
    }

    @Test(arguments: [
        "", "2026-11-20", "2026-11-20T09:00", "2026-11-20T090000", "20261120T09:00:00",
        "2026-11-20T09:00:00Z", "2026-02-29T00:00:00", "2026-13-01T00:00:00", "0000-01-01T00:00:00",
        "2026-11-20T24:00:00", "2026-11-20T23:59:60", "2026-11-2０T09:00:00", "２０２６1120T090000",
        "+2026-11-20T09:00:00", String(repeating: "9", count: 100_000),
    ])
    func `refuses what is not a date-time`(text: String) {
        #expect(throws: TimeFormatError.self) { try CivilDateTime(text) }
    }
}
