// SPDX-License-Identifier: Apache-2.0

/// A rule ready to be expanded: its parts, with what DTSTART supplies, as bit sets.
///
/// Expansion is nominal: it knows local times only, as seconds since the epoch counted as if they
/// were UTC. It keeps no state; "the next instance from t on" is computed afresh each time, so
/// that the first and the millionth cost the same.
struct CompiledRule {
    var days: DayRule
    var times: TimeRule
    /// BYSETPOS for weekly and longer periods; nil when every member of a period counts.
    var positions: SetPositions?
    /// DTSTART; no instance is earlier.
    let start: Int64
    /// After this many days the calendar and the rule's grid repeat: what has not matched by then
    /// never will.
    let cycleDays: Int

    /// The first instance that is not before `time`; nil if there is none until the year 9999.
    func next(from time: Int64) -> Int64? {
        let time = max(time, start)
        guard !times.isEmpty, time <= CivilDateTime.max.secondsSinceEpoch else { return nil }
        if let positions { return positions.next(from: time, in: self) }
        let first = Int(time.flooredQuotient(by: 86_400))
        let limit = lastDay(searchingFrom: first)
        var day = first
        var second = Int(time - Int64(first) * 86_400)
        while let next = nextDay(from: day, through: limit) {
            if next != day { second = 0 }
            if let found = times.next(on: next, from: second) {
                return Int64(next) * 86_400 + Int64(found)
            }
            day = next + 1
            second = 0
        }
        return nil
    }

    /// The last day worth looking at when nothing has matched since `day`.
    func lastDay(searchingFrom day: Int) -> Int {
        min(CivilDate.max.daysSinceEpoch, day + cycleDays)
    }

    /// The first day from `day` on that both the days and the grid of the times let pass.
    func nextDay(from day: Int, through limit: Int) -> Int? {
        var day = day
        while day <= limit {
            let onGrid = times.nextDay(from: day)
            // Days alone repeat sooner than days and times together.
            let soon = times.period < 86_400 ? onGrid + DayRule.cycleDays : limit
            guard let next = days.next(from: onGrid, through: min(limit, soon)) else { return nil }
            if next == onGrid { return next }
            day = next
        }
        return nil
    }
}
