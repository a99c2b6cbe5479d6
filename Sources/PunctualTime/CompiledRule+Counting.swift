// SPDX-License-Identifier: Apache-2.0

/// COUNT becomes a last instance, found once when a set is made, so that nothing is counted later.
///
/// Where all days have equally many times, whole months are counted by their bits; otherwise whole
/// days, of which the grid of INTERVAL admits only so many kinds. The work is bounded by the months
/// or days until the year 9999, whatever the count.
extension CompiledRule {
    /// The instance that is `number`th from DTSTART, from 1; nil if there are not so many.
    func instance(number: Int) -> Int64? {
        if let positions { return positions.instance(number: number, in: self) }

        // Counting starts at midnight, so what lies between it and DTSTART counts in addition.
        let day = Int(start.flooredQuotient(by: 86_400))
        let isFirst = nextDay(from: day, through: day) != nil
        let second = Int(start - Int64(day) * 86_400)
        let index = number - 1 + (isFirst ? times.count(onDay: day, before: second) : 0)
        return times.isSameEveryDay
            ? member(at: index, from: day) : memberByDays(at: index, from: day)
    }

    private func member(at index: Int, from day: Int) -> Int64? {
        let limit = CivilDate.max.daysSinceEpoch
        let perDay = times.count(onDay: day)
        var index = index
        var month = CalendarMonth(containing: day)
        var days = self.days.days(in: month).from(day - month.firstDay + 1)
        while index >= days.nonzeroBitCount * perDay {
            index -= days.nonzeroBitCount * perDay
            month = CalendarMonth(
                index: self.days.nextMonth(from: month.index + 1, through: limit)
            )
            guard month.firstDay <= limit else { return nil }
            days = self.days.days(in: month)
        }
        let date = month.firstDay + days.select(index / perDay) - 1
        return Int64(date) * 86_400 + Int64(times.second(at: index % perDay, onDay: date))
    }

    private func memberByDays(at index: Int, from day: Int) -> Int64? {
        var index = index
        var day = day
        // The count of a day depends only on where the grid stands at midnight.
        var counts: [Int64: Int] = [:]
        while let next = nextDay(from: day, through: CivilDate.max.daysSinceEpoch) {
            let phase = (times.phase - Int64(next) * 86_400).flooredRemainder(by: times.interval)
            let count = counts[phase] ?? times.count(onDay: next)
            if times.interval <= 86_400 { counts[phase] = count }
            if index < count {
                return Int64(next) * 86_400 + Int64(times.second(at: index, onDay: next))
            }
            index -= count
            day = next + 1
        }
        return nil
    }
}

extension SetPositions {
    /// The instance of `rule` that is `number`th from DTSTART, from 1.
    func instance(number: Int, in rule: CompiledRule) -> Int64? {
        guard !rule.days.spills else { return steppedInstance(number: number, in: rule) }
        let limit = CivilDate.max.daysSinceEpoch
        var day = Int(rule.start.flooredQuotient(by: 86_400))
        var index = number - 1
        var picks: [Int: [Int]] = [:]
        var isFirst = true
        while let period = period(from: day, through: limit, in: rule) {
            let count = period.count * rule.times.count(onDay: period.firstDay)
            let indices = picks[count] ?? self.indices(of: count)
            picks[count] = indices
            if isFirst {
                let rank = period.rank(of: rule.start, in: rule.times)
                index += indices.firstIndex(notBefore: rank)
                isFirst = false
            }
            if index < indices.count { return period.member(at: indices[index], in: rule.times) }
            index -= indices.count
            day = period.endDay
        }
        return nil
    }

    /// Counts one by one where SKIP may let two periods share an instance; validation keeps the
    /// count of such a rule small.
    private func steppedInstance(number: Int, in rule: CompiledRule) -> Int64? {
        var time = rule.start
        for _ in 1..<number {
            guard let next = next(from: time, in: rule) else { return nil }
            time = next + 1
        }
        return next(from: time, in: rule)
    }
}
