// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTime
import Testing

struct RecurrencePatternTests {
    private func pattern(_ json: String) throws -> RecurrencePattern {
        try JSONDecoder().decode(RecurrencePattern.self, from: Data(json.utf8))
    }

    @Test(arguments: [
        (#""daily""#, "FREQ=DAILY"),
        (#""monthly""#, "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"),
        (#"{"frequency":"weekly","days_of_week":[5,1]}"#, "FREQ=WEEKLY;BYDAY=MO,FR"),
        (
            #"{"frequency":"monthly","day_of_month":31}"#,
            "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD"
        ),
        (
            #"{"frequency":"monthly","day_of_month":31,"skip":"omit"}"#,
            "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=OMIT"
        ),
        (#"{"frequency":"monthly","day_of_month":15}"#, "FREQ=MONTHLY;BYMONTHDAY=15"),
        (
            #"{"frequency":"monthly","by_day":["-1FR"],"occurrences":4}"#,
            "FREQ=MONTHLY;COUNT=4;BYDAY=-1FR"
        ),
        (
            #"{"frequency":"yearly","month":7,"day_of_month":4}"#,
            "FREQ=YEARLY;BYMONTHDAY=4;BYMONTH=7"
        ),
        (
            #"{"frequency":"daily","interval":3,"end_date":"2026-12-31"}"#,
            "FREQ=DAILY;UNTIL=20261231;INTERVAL=3"
        ),
        (
            #"{"frequency":"daily","end_date":"2026-12-31T09:00:00+01:00"}"#,
            "FREQ=DAILY;UNTIL=20261231T080000Z"
        ),
        (
            #"{"frequency":"yearly","by_week_no":[1],"week_start":"SU","by_hour":[9],"by_minute":[0],"by_second":[0],"by_day":["MO"],"by_set_pos":[1]}"#,
            "FREQ=YEARLY;BYSECOND=0;BYMINUTE=0;BYHOUR=9;BYDAY=MO;BYWEEKNO=1;BYSETPOS=1;WKST=SU"
        ),
    ])
    func `means the rule that it spells`(json: String, rule: String) throws {
        #expect(try RecurrenceRule(pattern(json)).description == rule)
    }

    @Test func `keeps the meaning of every rule, there and back`() throws {
        for seed in seeds(100) {
            var random = RandomRecurrence(seed: seed)
            let rule = random.rule()
            let data = try JSONEncoder().encode(RecurrencePattern(rule))
            let back = try RecurrenceRule(JSONDecoder().decode(RecurrencePattern.self, from: data))
            let start = random.dtstart()
            let sets = [rule, back].map { RecurrenceSet(dtstart: start, zone: nil, rule: $0) }
            let lists = sets.map { Array($0.occurrences().prefix(30)) }
            #expect(lists[0] == lists[1], "seed \(seed): \(rule) became \(back)")
        }
    }

    @Test func `moves a day that a month lacks to its last, unless the rule left it out`() throws {
        let monthly = try RecurrenceRule("FREQ=MONTHLY;BYMONTHDAY=31")
        #expect(RecurrencePattern(monthly).skip == .omit)
        #expect(RecurrencePattern(try RecurrenceRule("FREQ=MONTHLY;BYMONTHDAY=28")).skip == nil)
        let set = RecurrenceSet(
            dtstart: try CivilDateTime("2026-01-31T09:00:00"),
            zone: nil,
            rule: try RecurrenceRule(pattern(#""monthly""#))
        )
        #expect(
            set.occurrences().prefix(4).map { $0.nominal.date.description }
                == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
        )
    }

    @Test func `carries the dates of the set`() throws {
        let json =
            #"{"frequency":"daily","exdates":["2026-11-20T09:00:00"],"rdates":["20261121T090000"]}"#
        let decoded = try pattern(json)
        #expect(decoded.exdates == [try CivilDateTime("20261120T090000")])
        #expect(decoded.rdates == [try CivilDateTime("20261121T090000")])
        let again = try JSONDecoder().decode(
            RecurrencePattern.self,
            from: JSONEncoder().encode(decoded)
        )
        #expect(again == decoded)
    }

    @Test(arguments: [
        (#"{"frequency":"daily","every":2}"#, "every"), (#"{"frequency":"often"}"#, "frequency"),
        (#"{"interval":2}"#, "frequency"), (#"{"frequency":"daily","interval":"two"}"#, "interval"),
        (#"{"frequency":"daily","interval":1.5}"#, "interval"),
        (#"{"frequency":"monthly","by_day":["8MO?"]}"#, "by_day"),
        (#"{"frequency":"daily","end_date":"soon"}"#, "end_date"),
        (#"{"frequency":"daily","week_start":"monday"}"#, "week_start"),
        (#"{"frequency":"daily","skip":"never"}"#, "skip"),
        (#"{"frequency":"daily","exdates":["2026-11-20"]}"#, "exdates"),
    ])
    func `refuses a malformed pattern and names the key`(json: String, key: String) throws {
        let error = #expect(throws: DecodingError.self) { try pattern(json) }
        let path: [any CodingKey]? =
            switch error {
            case .dataCorrupted(let context), .typeMismatch(_, let context),
                .valueNotFound(_, let context):
                context.codingPath
            case .keyNotFound(let key, _): [key]
            default: nil
            }
        #expect(path?.first?.stringValue == key)
    }

    @Test(arguments: [
        (#"{"frequency":"weekly","days_of_week":[7]}"#, "days_of_week"),
        (#"{"frequency":"weekly","days_of_week":[1],"by_day":["MO"]}"#, "days_of_week"),
        (#"{"frequency":"monthly","day_of_month":0}"#, "day_of_month"),
        (#"{"frequency":"monthly","by_month_day":[32]}"#, "by_month_day"),
        (#"{"frequency":"weekly","day_of_month":1}"#, "day_of_month"),
        (#"{"frequency":"yearly","month":13}"#, "month"),
        (#"{"frequency":"daily","interval":0}"#, "interval"),
        (#"{"frequency":"daily","occurrences":0}"#, "occurrences"),
        (#"{"frequency":"daily","occurrences":2,"end_date":"2026-12-31"}"#, "occurrences"),
        (#"{"frequency":"daily","by_week_no":[1]}"#, "by_week_no"),
        (#"{"frequency":"daily","by_set_pos":[1]}"#, "by_set_pos"),
    ])
    func `refuses a pattern that is no rule and names the key`(json: String, key: String) throws {
        let decoded = try pattern(json)
        let error = #expect(throws: RecurrenceError.self) { try RecurrenceRule(decoded) }
        #expect(error?.part == key)
    }

    @Test(arguments: [#""hourly""#, #""often""#, "7", "null", "[]"])
    func `refuses what is neither an object nor a short string`(json: String) {
        #expect(throws: DecodingError.self) { try pattern(json) }
    }
}
