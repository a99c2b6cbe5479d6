// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

struct RecurrenceRuleTests {
    @Test(arguments: [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=daily;interval=1;wkst=mo", "FREQ=DAILY"),
        (
            "BYDAY=FR,MO;INTERVAL=2;FREQ=WEEKLY;WKST=SU",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU"
        ),
        ("FREQ=MONTHLY;BYDAY=+1MO,-1FR,MO", "FREQ=MONTHLY;BYDAY=-1FR,MO,1MO"),
        ("FREQ=YEARLY;BYMONTH=12,1,12;COUNT=3", "FREQ=YEARLY;COUNT=3;BYMONTH=1,12"),
        ("FREQ=YEARLY;UNTIL=20261231", "FREQ=YEARLY;UNTIL=20261231"),
        ("FREQ=YEARLY;UNTIL=20261231T090000", "FREQ=YEARLY;UNTIL=20261231T090000"),
        ("FREQ=YEARLY;UNTIL=20261231T090000Z", "FREQ=YEARLY;UNTIL=20261231T090000Z"),
        (
            "SKIP=FORWARD;FREQ=MONTHLY;RSCALE=gregorian;BYMONTHDAY=31",
            "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD"
        ),
    ])
    func `reads rules and prints them canonically`(text: String, printed: String) throws {
        #expect(try RecurrenceRule(text).description == printed)
    }

    @Test func `reads back whatever it prints`() throws {
        for seed in seeds(200) {
            var random = RandomRecurrence(seed: seed)
            let rule = random.rule()
            #expect(try RecurrenceRule(rule.description) == rule, "seed \(seed): \(rule)")
            #expect(try RecurrenceRule(rule.description.lowercased()) == rule, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("", "", "malformed"), ("DAILY", "", "malformed"), ("FREQ=DAILY;", "", "malformed"),
        ("INTERVAL=2", "FREQ", "missing"), ("FREQ=", "FREQ", "malformed"),
        ("FREQ=FORTNIGHTLY", "FREQ", "out_of_range"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ", "duplicate"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER", "unknown"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL", "out_of_range"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL", "malformed"),
        ("FREQ=DAILY;INTERVAL=1e3", "INTERVAL", "malformed"),
        ("FREQ=DAILY;INTERVAL=99999999999", "INTERVAL", "malformed"),
        ("FREQ=DAILY;COUNT=0", "COUNT", "out_of_range"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260101", "COUNT", "conflict"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL", "malformed"),
        ("FREQ=DAILY;UNTIL=20260231", "UNTIL", "malformed"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR", "out_of_range"),
        ("FREQ=DAILY;BYHOUR=1,,2", "BYHOUR", "malformed"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE", "out_of_range"),
        ("FREQ=DAILY;BYSECOND=61", "BYSECOND", "out_of_range"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", "out_of_range"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY", "out_of_range"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "conflict"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY", "conflict"),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY", "out_of_range"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO", "conflict"),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO", "out_of_range"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH", "out_of_range"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY", "conflict"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY", "conflict"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY", "out_of_range"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY", "out_of_range"),
        ("FREQ=MONTHLY;BYDAY=XX", "BYDAY", "malformed"),
        ("FREQ=MONTHLY;BYDAY=1", "BYDAY", "malformed"),
        ("FREQ=MONTHLY;BYDAY=ΜΟ", "BYDAY", "malformed"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS", "conflict"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS", "out_of_range"),
        ("FREQ=DAILY;WKST=XY", "WKST", "malformed"),
        ("FREQ=MONTHLY;SKIP=BACKWARD", "RSCALE", "missing"),
        ("RSCALE=HEBREW;FREQ=YEARLY", "RSCALE", "out_of_range"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=UP", "SKIP", "malformed"),
    ])
    func `refuses a rule and names the part`(text: String, part: String, code: String) {
        let error = #expect(throws: RecurrenceError.self) { try RecurrenceRule(text) }
        #expect(error?.part == part)
        #expect(error?.code.rawValue == code)
        #expect(error?.message.isEmpty == false)
    }

    @Test func `bounds what a stranger can send`() {
        let long = "FREQ=DAILY;BYHOUR=" + String(repeating: "1,", count: 100_000) + "1"
        #expect(throws: RecurrenceError.self) { try RecurrenceRule(long) }
        var generator = SeededGenerator(seed: 2)
        let alphabet = Array("FREQ=DAILYBYHOUR;,:-+0123456789MOTUWE\u{0}é🎉")
        for _ in 0..<500 {
            let text = String((0..<40).map { _ in generator.pick(alphabet) })
            _ = try? RecurrenceRule(text)
            _ = try? RecurrenceRule("FREQ=DAILY;" + text)
        }
    }

    @Test(arguments: [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1", "FREQ=SECONDLY;BYSECOND=60",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5", "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=SECONDLY;INTERVAL=604800;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2", "FREQ=SECONDLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "FREQ=SECONDLY;BYSETPOS=2;BYHOUR=1",
        "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=7", "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11;COUNT=9",
    ])
    func `recognises at once a rule that never matches`(text: String) throws {
        // A Monday in an odd year, at an even second.
        let set = RecurrenceSet(
            dtstart: try CivilDateTime("2001-01-01T00:00:00"),
            zone: .utc,
            rule: try RecurrenceRule(text)
        )
        #expect(set.occurrences().first { _ in true } == nil)
        #expect(set.next(after: WallInstant(secondsSinceEpoch: 0)) == nil)
    }
}
