// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PunctualTime

/// Asks what the next occurrence of a rule costs, however old the rule is.
struct RecurrenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recurrence",
        abstract:
            "Next-after for eight rules, DTSTART up to 50 years back, and expansions a second.",
        discussion: """
            Next-after answers, for an instant T that is new each time, the first occurrence after \
            T, in the zone given; building the set is not counted. Expansion walks the occurrences \
            of FREQ=DAILY in order, in local time.
            """
    )

    @Option(help: "The zone, as named by the system's tzdata.")
    var zone = "Europe/Berlin"

    @Option(help: "How many questions for each figure.")
    var questions = 20_000

    @OptionGroup var output: OutputOptions

    private static let rules = [
        "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=3;BYDAY=1SU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=HOURLY;INTERVAL=7",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ]
    private static let ages = [1, 30 * 365, 50 * 365]

    func validate() throws {
        guard (1...10_000_000).contains(questions) else {
            throw ValidationError("--questions is 1 to 10000000.")
        }
    }

    func run() throws {
        let zone = try loadZone()
        guard let dtstart = CivilDateTime(year: 1976, month: 1, day: 31, hour: 9) else {
            throw BenchError("the calendar has no 31 January 1976")
        }
        var rows: [JSON] = []
        for text in Self.rules {
            let set = RecurrenceSet(
                dtstart: dtstart,
                zone: zone,
                rule: try RecurrenceRule(text)
            )
            var row: [(String, JSON)] = [("rule", .text(text))]
            for days in Self.ages {
                let name = days == 1 ? "1_day_us" : "\(days / 365)_years_us"
                row.append((name, .number(try nextAfter(set, daysOn: Int64(days)))))
            }
            rows.append(.object(row))
            Progress.say(text)
        }
        var report = Report("recurrence")
        report.add("zone", .text(self.zone))
        report.add("daily_expansion_per_s", try expansion(dtstart, zone: nil))
        report.add("daily_expansion_in_zone_per_s", try expansion(dtstart, zone: zone))
        report.add("next_after", .list(rows))
        report.print(asJSON: output.json)
    }

    /// Microseconds for one next-after, about `days` after DTSTART.
    private func nextAfter(_ set: RecurrenceSet, daysOn days: Int64) throws -> Double {
        let base = WallInstant(utc: set.dtstart.adding(seconds: days * 86_400))
        var answered = 0
        var clock = Stopwatch()
        for question in 0..<Int64(questions) {
            // A prime number of seconds apart, over at most a day or two more.
            let instant = base.adding(microseconds: question * 7_000_003 % 172_800_000_000)
            if let next = set.next(after: instant)?.instant, next > instant { answered += 1 }
        }
        let nanoseconds = clock.lap()
        guard answered == questions else { throw BenchError("a rule had no next occurrence") }
        return nanoseconds / Double(questions) / 1e3
    }

    /// Occurrences of FREQ=DAILY a second.
    private func expansion(_ dtstart: CivilDateTime, zone: ZoneRules?) throws -> Double {
        let set = RecurrenceSet(
            dtstart: dtstart,
            zone: zone,
            rule: try RecurrenceRule("FREQ=DAILY")
        )
        var produced = 0
        var last = dtstart
        var clock = Stopwatch()
        for _ in 0..<20 {
            for occurrence in set.occurrences().prefix(50_000) {
                produced += 1
                last = occurrence.nominal
            }
        }
        let seconds = clock.lap() / 1e9
        guard last > dtstart else { throw BenchError("the expansion did not move") }
        return Double(produced) / seconds
    }

    private func loadZone() throws -> ZoneRules {
        guard !zone.contains("..") else { throw BenchError("\(zone) is not the name of a zone") }
        let bytes = try readBytes("/usr/share/zoneinfo/" + zone)
        return try ZoneRules(identifier: zone, tzif: bytes)
    }
}
