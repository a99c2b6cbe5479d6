// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

struct RecurrenceSetTests {
    private func set(_ dtstart: String, _ rule: String) throws -> RecurrenceSet {
        RecurrenceSet(
            dtstart: try CivilDateTime(dtstart),
            zone: .utc,
            rule: rule.isEmpty ? nil : try RecurrenceRule(rule)
        )
    }

    @Test func `is DTSTART alone without a rule`() throws {
        let set = try set("2026-11-20T09:00:00", "")
        #expect(set.occurrences().map(\.nominal) == [set.dtstart])
        #expect(set.next(after: WallInstant(utc: set.dtstart)) == nil)
    }

    @Test(arguments: [
        // DTSTART supplies the month (RFC 8984 §4.3.3.1).
        ("FREQ=YEARLY;BYMONTHDAY=1", ["20271101", "20281101"]),
        ("FREQ=YEARLY;BYMONTHDAY=1,30", ["20261130", "20271101"]),
        // An UNTIL that is a date includes the whole day.
        ("FREQ=DAILY;UNTIL=20261121", ["20261120", "20261121"]),
        ("FREQ=DAILY;UNTIL=20261121T090000Z", ["20261120", "20261121"]),
        ("FREQ=DAILY;UNTIL=20261121T085959Z", ["20261120"]),
    ])
    func `reads what other readers read differently`(rule: String, dates: [String]) throws {
        let found = try set("2026-11-20T09:00:00", rule).occurrences().prefix(2)
        #expect(found.map(\.nominal.date.basic) == dates)
    }

    @Test(arguments: [
        ("FREQ=DAILY;COUNT=1000000", 3), ("FREQ=SECONDLY;COUNT=2000000000", 2),
        ("FREQ=SECONDLY;INTERVAL=7;BYHOUR=9;COUNT=3000000", 2),
        ("FREQ=SECONDLY;INTERVAL=7;BYSECOND=3;BYDAY=MO,TU;COUNT=2000000000", 2),
        ("FREQ=MINUTELY;INTERVAL=90;BYMINUTE=0,30;COUNT=500000", 2),
        ("FREQ=YEARLY;BYDAY=1MO;BYHOUR=9,10;BYSETPOS=-1;COUNT=500", 2),
    ])
    func `counts without walking`(rule: String, count: Int) throws {
        let set = try set("2000-01-01T00:00:00", rule)
        #expect(set.occurrences().prefix(count).map(\.nominal).count == count)
        let late = try CivilDateTime("9990-01-01T00:00:00")
        _ = set.next(afterLocal: late)
    }

    @Test func `ends exactly with the counted instance`() throws {
        for seed in seeds(60) {
            var random = RandomRecurrence(seed: seed)
            var rule = random.rule()
            while rule.end == .never { rule = random.rule() }
            guard case .count(let count) = rule.end else { continue }
            let set = RecurrenceSet(dtstart: random.dtstart(), zone: nil, rule: rule)
            let listed = Array(set.occurrences().prefix(count + 1))
            #expect(listed.count <= count, "seed \(seed): \(rule)")
        }
    }

    @Test(arguments: [
        // Every three days at 09:00: three days from the day it was done, early or late.
        ("FREQ=DAILY;INTERVAL=3", "2026-11-21T15:00:00", "2026-11-24T09:00:00"),
        ("FREQ=DAILY;INTERVAL=3", "2026-11-21T08:00:00", "2026-11-24T09:00:00"),
        ("FREQ=DAILY;INTERVAL=3", "2026-11-19T08:00:00", "2026-11-22T09:00:00"),
        ("FREQ=WEEKLY", "2026-11-25T10:00:00", "2026-12-02T09:00:00"),
        ("FREQ=MONTHLY", "2026-11-25T10:00:00", "2026-12-25T09:00:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=1", "2026-11-25T10:00:00", "2026-12-01T09:00:00"),
        ("FREQ=HOURLY;INTERVAL=4", "2026-11-20T10:20:00", "2026-11-20T14:20:00"),
        ("FREQ=DAILY;COUNT=1", "2026-11-20T10:20:00", "2026-11-21T09:00:00"),
    ])
    func `counts an interval from completion`(rule: String, done: String, next: String) throws {
        let set = try set("2026-11-20T09:00:00", rule)
        let found = set.next(
            afterCompletion: try CivilDateTime(done),
            previous: set.dtstart
        )
        #expect(found?.nominal.description == next)
    }

    @Test func `ends a completed series with UNTIL and skips EXDATEs`() throws {
        let start = try CivilDateTime("2026-11-20T09:00:00")
        let set = RecurrenceSet(
            dtstart: start,
            zone: nil,
            rule: try RecurrenceRule("FREQ=DAILY;UNTIL=20261123"),
            exdates: [try CivilDateTime("2026-11-22T09:00:00")]
        )
        let first = set.next(afterCompletion: try CivilDateTime("2026-11-21T10:00:00"))
        #expect(first?.nominal.description == "2026-11-23T09:00:00")
        #expect(set.next(afterCompletion: try CivilDateTime("2026-11-23T10:00:00")) == nil)
    }

    @Test func `refuses malformed times and names their field`() {
        let error = #expect(throws: RecurrenceError.self) {
            try RecurrenceExpansion(dtstart: "20260101T000000", zone: nil, rrule: "", rdate: ["x"])
        }
        #expect(error?.part == "rdate")
    }
}
