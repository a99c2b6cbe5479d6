// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// The changes of a zone's clocks as a VTIMEZONE states them (RFC 5545 §3.6.5).
///
/// All changes since 1970 are found by asking the zone. Changes from one offset to another that
/// follow a yearly rule through the years 2038 to 2065, which hold every calendar there is, are
/// written with that rule from the year on in which it begins to hold; all others as dates.
struct ZoneObservances {
    /// Changes between the same two offsets.
    struct Observance {
        /// Seconds to add to UTC before the change, and after it.
        let from: Int32
        let to: Int32
        /// When a clock that still shows `from` changes, those that the rule gives left out but
        /// for the first of them.
        var onsets: [CivilDateTime]
        /// The yearly rule from the last of `onsets` on.
        var rule: YearlyChange?
    }

    /// The offset when all of this begins, in seconds.
    let first: Int32
    /// When it begins.
    static let beginning = CivilDateTime(secondsSinceEpoch: 0)
    /// The observances, each with at least one onset.
    let observances: [Observance]

    /// Years in which every date falls on every weekday as often as it ever does.
    private static let ruleYears = 2038...2065

    private struct Offsets: Hashable {
        let from: Int32
        let to: Int32
    }

    init(_ rules: ZoneRules) {
        var instant = WallInstant(utc: Self.beginning)
        first = rules.offset(at: instant)
        var onsets: [Offsets: [CivilDateTime]] = [:]
        var order: [Offsets] = []
        var from = first
        while let next = rules.nextTransition(after: instant) {
            let local = CivilDateTime(secondsSinceEpoch: next.secondsSinceEpoch + Int64(from))
            guard local.date.year <= Self.ruleYears.upperBound else { break }
            let offsets = Offsets(from: from, to: rules.offset(at: next))
            if onsets[offsets] == nil { order.append(offsets) }
            onsets[offsets, default: []].append(local)
            (instant, from) = (next, offsets.to)
        }
        observances = order.map { offsets in
            Self.observance(offsets, onsets[offsets] ?? [])
        }
    }

    private static func observance(_ offsets: Offsets, _ onsets: [CivilDateTime]) -> Observance {
        var observance = Observance(from: offsets.from, to: offsets.to, onsets: onsets, rule: nil)
        let tail = onsets.filter { ruleYears.contains($0.date.year) }
        guard tail.count == ruleYears.count, let rule = YearlyChange(tail) else {
            return observance
        }
        // Backwards, year by year, as long as the rule tells what happened.
        var start = onsets.count - 1
        while start > 0, rule.matches(onsets[start - 1]),
            onsets[start - 1].date.year == onsets[start].date.year - 1
        {
            start -= 1
        }
        observance.onsets = Array(onsets[...start])
        observance.rule = rule
        return observance
    }
}

/// A change of clocks that comes every year by one rule.
struct YearlyChange: Hashable {
    private let month: Int
    private let secondOfDay: Int
    /// The weekday, and the days of the month on which it can fall; nil where it is one date.
    private let weekday: Weekday?
    private let days: ClosedRange<Int>

    /// The rule that all of these changes follow, one a year; nil when there is none.
    init?(_ onsets: [CivilDateTime]) {
        guard let first = onsets.first else { return nil }
        let days = onsets.map(\.date.day)
        guard let low = days.min(), let high = days.max(), [0, 6].contains(high - low),
            Set(onsets.map(\.date.year)).count == onsets.count,
            onsets.allSatisfy({
                $0.date.month == first.date.month && $0.secondOfDay == first.secondOfDay
            })
        else { return nil }
        let weekday = first.date.weekday
        guard low == high || onsets.allSatisfy({ $0.date.weekday == weekday }) else { return nil }
        (month, secondOfDay) = (first.date.month, first.secondOfDay)
        (self.days, self.weekday) = (low...high, low == high ? nil : weekday)
    }

    /// Whether a change came by this rule.
    func matches(_ onset: CivilDateTime) -> Bool {
        onset.date.month == month && onset.secondOfDay == secondOfDay
            && days.contains(onset.date.day)
            && (weekday == nil || weekday == onset.date.weekday)
    }

    /// The RRULE, to be counted from one of its changes.
    var text: String {
        let text = "FREQ=YEARLY;BYMONTH=\(month);"
        guard let weekday else { return text + "BYMONTHDAY=\(days.lowerBound)" }
        let last = [2: 28, 4: 30, 6: 30, 9: 30, 11: 30][month] ?? 31
        if days.upperBound == last { return text + "BYDAY=-1\(weekday.name)" }
        if days.lowerBound % 7 == 1 {
            return text + "BYDAY=\(days.lowerBound / 7 + 1)\(weekday.name)"
        }
        let list = days.map { String($0) }.joined(separator: ",")
        return text + "BYDAY=\(weekday.name);BYMONTHDAY=\(list)"
    }
}

extension ContentLineWriter {
    /// Writes the VTIMEZONE of a zone.
    mutating func zone(_ identifier: String, _ rules: ZoneRules) {
        let zone = ZoneObservances(rules)
        component("VTIMEZONE") { writer in
            writer.line("TZID", identifier)
            writer.observance("STANDARD", zone.first, zone.first, [ZoneObservances.beginning])
            for observance in zone.observances {
                let name = observance.to > observance.from ? "DAYLIGHT" : "STANDARD"
                let single = observance.onsets.dropLast(observance.rule == nil ? 0 : 1)
                if !single.isEmpty {
                    writer.observance(name, observance.from, observance.to, Array(single))
                }
                if let rule = observance.rule, let start = observance.onsets.last {
                    writer.observance(
                        name,
                        observance.from,
                        observance.to,
                        [start],
                        rule: rule.text
                    )
                }
            }
        }
    }

    private mutating func observance(
        _ name: String,
        _ from: Int32,
        _ to: Int32,
        _ onsets: [CivilDateTime],
        rule: String? = nil
    ) {
        guard let first = onsets.first else { return }
        component(name) { writer in
            writer.line("DTSTART", first.basic)
            writer.line("TZOFFSETFROM", Self.offset(from))
            writer.line("TZOFFSETTO", Self.offset(to))
            if let rule { writer.line("RRULE", rule) }
            writer.times("RDATE", Array(onsets.dropFirst()), like: .floating(first))
        }
    }

    /// `+0100`, or with seconds where an offset has some (RFC 5545 §3.3.14).
    private static func offset(_ seconds: Int32) -> String {
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let value = abs(seconds)
        return (seconds < 0 ? "-" : "+") + two(value / 3_600) + two(value / 60 % 60)
            + (value % 60 == 0 ? "" : two(value % 60))
    }
}
