// SPDX-License-Identifier: Apache-2.0

/// Makes tasks of all kinds as JSON, the same ones for the same seed (Vigna's SplitMix64).
struct TaskGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A task that the API takes.
    mutating func task() -> String {
        var members = ["\"title\":\"\(text(1...40))\""]
        if Bool.random(using: &self) { members.append("\"description\":\"\(text(1...200))\"") }
        members.append("\"priority\":\"\(pick("low", "medium", "high", "urgent"))\"")
        let tags = Set((0..<Int.random(in: 0...4, using: &self)).map { _ in text(1...12) })
        members.append("\"tags\":[\(tags.sorted().map { "\"\($0)\"" }.joined(separator: ","))]")
        if pick(true, true, true, false) { members += dates() }
        if pick(true, false) {
            let action = pick("fire", "coalesce", "skip")
            let grace = pick("PT0S", "PT5M", "P1D")
            members.append("\"misfire\":{\"policy\":\"\(action)\",\"grace\":\"\(grace)\"}")
        }
        return "{\(members.joined(separator: ","))}"
    }

    private mutating func dates() -> [String] {
        let due = pick(
            "2026-01-31T09:00:00",
            "2026-03-29T01:30:00",
            "2027-02-28T23:59:59",
            "2028-02-29T00:00:00"
        )
        let zone = pick(nil, "Europe/Lisbon", "UTC")
        var members = ["\"due_date\":\"\(due)\(zone == nil ? "Z" : "")\""]
        if let zone { members.append("\"timezone\":\"\(zone)\"") }
        switch pick(0, 1, 2) {
        case 0: members.append("\"reminders\":[]")
        case 1:
            let offset = pick("-P1D", "-PT90M", "P1DT1H0M5S", "PT0S", "-P14D")
            members.append(
                "\"reminders\":[{\"offset\":\"\(offset)\"},{\"at\":\"2026-01-15T07:00:00Z\"}]"
            )
        default: break
        }
        if Bool.random(using: &self) { members += recurrence() }
        return members
    }

    private mutating func recurrence() -> [String] {
        let rule = pick(
            "\"rrule\":\"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\"",
            "\"rrule\":\"FREQ=WEEKLY;INTERVAL=2;UNTIL=20400101T000000Z\"",
            "\"rrule\":\"FREQ=YEARLY;UNTIL=20400101\"",
            "\"rrule\":\"FREQ=HOURLY;INTERVAL=7;COUNT=50\"",
            "\"rrule\":\"FREQ=MONTHLY;UNTIL=20400101T120000\"",
            "\"recurrence_pattern\":{\"frequency\":\"monthly\",\"occurrences\":9}",
            "\"recurrence_pattern\":\"yearly\""
        )
        var members = [
            rule, "\"anchor\":\"\(pick("due", "completion"))\"",
            "\"rollover\":\"\(pick("on_completion", "on_schedule"))\"",
            "\"dst\":\"\(pick("offset_before,first", "skip,last", "next_valid,both"))\"",
        ]
        if pick(true, false) {
            members.append("\"exdates\":[\"2030-05-05T09:00:00\",\"2031-01-31T09:00:00\"]")
        }
        if pick(true, false) { members.append("\"rdates\":[\"2039-12-24T18:00:00\"]") }
        return members
    }

    /// Escaped for JSON, and without white space at its ends, which a calendar does not keep.
    private mutating func text(_ length: ClosedRange<Int>) -> String {
        let characters = (0..<Int.random(in: length, using: &self)).map { _ in
            pick(
                "a",
                "B",
                "7",
                ",",
                ";",
                ":",
                "\\\\",
                "\\\"",
                "é",
                "漢",
                "👩‍🚀",
                "x y",
                "^",
                "=",
                "\\t."
            )
        }
        return "o" + characters.joined() + "o"
    }

    private mutating func pick<Value>(_ values: Value...) -> Value {
        values[Int.random(in: values.indices, using: &self)]
    }
}
