// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

/// Schedules of cron, as Dapr's jobs write them.
@Suite struct CronScheduleTests {
    // A zone that is not on this machine is unknown.
    private static func schedule(_ text: String) throws -> CronSchedule {
        try CronSchedule(text) { try? systemZone($0) }
    }

    private static func next(_ text: String, after start: String) throws -> String? {
        try schedule(text).next(after: WallInstant(rfc3339: start))?.description
    }

    @Test(arguments: [
        ("30 * * * * *", "2026-11-20T10:00:30Z", "2026-11-20T10:01:30Z"),
        ("0 30 9 * * *", "2026-11-20T09:30:00Z", "2026-11-21T09:30:00Z"),
        ("0 0 0 13 * fri", "2026-11-20T10:00:00Z", "2026-11-27T00:00:00Z"),
        ("0 0 0 */10 * fri", "2026-11-20T10:00:00Z", "2026-11-21T00:00:00Z"),
        ("0 0 0 29 2 ?", "2026-11-20T10:00:00Z", "2028-02-29T00:00:00Z"),
        ("*/20 59 23 31 dec *", "2026-11-20T10:00:00Z", "2026-12-31T23:59:00Z"),
        ("@hourly", "2026-11-20T10:00:00.5Z", "2026-11-20T11:00:00Z"),
        ("@weekly", "2026-11-20T10:00:00Z", "2026-11-22T00:00:00Z"),
        ("@monthly", "2026-11-20T10:00:00Z", "2026-12-01T00:00:00Z"),
        ("@annually", "2026-11-20T10:00:00Z", "2027-01-01T00:00:00Z"),
        ("@every 1h30m", "2026-11-20T10:00:00Z", "2026-11-20T11:30:00Z"),
        ("TZ=Europe/Berlin 0 30 9 * * *", "2026-11-20T10:00:00Z", "2026-11-21T08:30:00Z"),
        ("CRON_TZ=Europe/Berlin @daily", "2026-07-20T10:00:00Z", "2026-07-20T22:00:00Z"),
        // 02:30 of March 28, 2027 is not shown by clocks in Berlin.
        ("TZ=Europe/Berlin 0 30 2 * * *", "2027-03-27T10:00:00Z", "2027-03-29T00:30:00Z"),
        // 02:30 of October 31, 2027 is shown twice.
        ("TZ=Europe/Berlin 0 30 2 * * *", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"),
    ])
    func `knows the next time`(text: String, start: String, next: String) throws {
        #expect(try Self.next(text, after: start) == next)
    }

    @Test(arguments: [
        "", "TZ=", "TZ=Europe/Berlin", "* * * * *", "* * * * * * *", "60 * * * * *",
        "* * 24 * * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 7", "5-3 * * * * *",
        "*/0 * * * * *", "1/2/3 * * * * *", "1,,2 * * * * *", "-1 * * * * *", "+1 * * * * *",
        "0 0 0 31 2 *", "@never", "@every", "@every 1", "@every -1h", "@every 0s",
        "TZ=Europe/Berlin @every 1h", "TZ=Nowhere/City @daily",
    ])
    func `refuses what is no schedule, or never comes`(text: String) {
        #expect(throws: CronError.self) { try Self.schedule(text) }
    }

    @Test func `finds what a search of every second finds`() throws {
        var random = SeededGenerator(seed: 7)
        func field(_ range: ClosedRange<Int>) -> String {
            let (a, b) = (
                Int.random(in: range, using: &random), Int.random(in: range, using: &random)
            )
            return switch Int.random(in: 0..<5, using: &random) {
            case 0, 1: "*"
            case 2: "\(a)"
            case 3: "\(min(a, b))-\(max(a, b))/\(Int.random(in: 1...7, using: &random))"
            default: "\(a),\(b)"
            }
        }
        for _ in 0..<300 {
            let fields = [
                field(0...59), field(0...59), field(0...23), field(1...31), field(1...12),
                field(0...6),
            ]
            // One that never comes is refused, and says nothing here.
            guard let schedule = try? Self.schedule(fields.joined(separator: " ")) else { continue }
            let start = WallInstant(
                secondsSinceEpoch: Int64.random(in: 0..<4_000_000_000, using: &random)
            )
            let found = try #require(schedule.next(after: start))
            // The first second that the search finds, or the one at which it gives up.
            let first = start.secondsSinceEpoch + 1
            let end = max(first, min(first + 20_000, found.secondsSinceEpoch))
            let takes = Self.search(fields)
            #expect((first..<end).first(where: takes) == nil, "\(fields)")
            #expect(takes(found.secondsSinceEpoch), "\(fields)")
        }
    }

    /// Whether a field takes a value, by the words of the contract.
    private static func has(_ field: String, _ value: Int) -> Bool {
        field.split(separator: ",").contains { item in
            if item == "*" { return true }
            let parts = item.split(separator: "/")
            let ends = parts[0].split(separator: "-").compactMap { Int($0) }
            guard ends.count == 2 else { return ends[0] == value }
            let step = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
            return value >= ends[0] && value <= ends[1] && (value - ends[0]) % step == 0
        }
    }

    /// Whether the fields take a second.
    private static func search(_ fields: [String]) -> (Int64) -> Bool {
        let values = fields.map { field in (0...59).map { has(field, $0) } }
        let isBoth = fields[3] == "*" || fields[5] == "*"
        return { second in
            let time = CivilDateTime(secondsSinceEpoch: second)
            guard values[0][time.second], values[1][time.minute], values[2][time.hour] else {
                return false
            }
            let isDay = values[3][time.date.day]
            let isWeekday = values[5][Int((time.date.daysSinceEpoch + 4) % 7)]
            return values[4][time.date.month] && (isBoth ? isDay && isWeekday : isDay || isWeekday)
        }
    }
}
