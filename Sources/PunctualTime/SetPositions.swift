// SPDX-License-Identifier: Apache-2.0

/// BYSETPOS of a weekly, monthly or yearly rule: which members of a period's set are instances.
///
/// The members of a period are its days times the times of day, in order, so the nth of them is
/// found by counting bits; the set is never written out.
struct SetPositions {
    /// Positions from the start, from 0, ascending.
    private let fromStart: [Int]
    /// Positions from the end, -1 is the last, ascending.
    private let fromEnd: [Int]
    private let frequency: Frequency

    init(_ positions: [Int], _ frequency: Frequency) {
        fromStart = positions.filter { $0 > 0 }.map { $0 - 1 }
        fromEnd = positions.filter { $0 < 0 }
        self.frequency = frequency
    }

    /// The indices that `positions` pick from a set of `count` members, ascending.
    static func indices(_ positions: [Int], count: Int) -> [Int] {
        let indices = positions.map { $0 > 0 ? $0 - 1 : count + $0 }
        return Set(indices.filter { (0..<count).contains($0) }).sorted()
    }

    /// The indices picked from a set of `count` members, ascending.
    func indices(of count: Int) -> [Int] {
        Self.indices(fromStart.map { $0 + 1 } + fromEnd, count: count)
    }

    /// The first index picked from a set of `count` that is not below `rank`.
    private func index(from rank: Int, of count: Int) -> Int? {
        let start = fromStart[fromStart.firstIndex(notBefore: rank)...].first ?? .max
        let end = fromEnd[fromEnd.firstIndex(notBefore: rank - count)...].first ?? 0
        let index = min(start, count + (end == 0 ? .max - count : end))
        return index < count ? index : nil
    }

    /// The first instance of `rule` that is not before `time`.
    ///
    /// Where SKIP moves dates across the border of two periods their instances may interleave;
    /// then the neighbouring periods are looked at too.
    func next(from time: Int64, in rule: CompiledRule) -> Int64? {
        let spills = rule.days.spills
        let day = Int(time.flooredQuotient(by: 86_400))
        let limit = rule.lastDay(searchingFrom: day)
        var best: Int64?
        var search = spills ? day - 1 : day
        while let period = period(from: search, through: limit, in: rule) {
            if let best {
                guard spills, Int64(period.firstDay - 1) * 86_400 <= best else { return best }
            }
            let rank = period.rank(of: time, in: rule.times)
            let count = period.count * rule.times.count(onDay: period.firstDay)
            if let index = index(from: rank, of: count) {
                best = min(best ?? .max, period.member(at: index, in: rule.times))
            }
            search = period.endDay
        }
        return best
    }

    /// The members of the first period that ends on or after `day`.
    func period(from day: Int, through limit: Int, in rule: CompiledRule) -> PeriodMembers? {
        if frequency == .weekly {
            guard case .weeks(_, let anchor) = rule.days.grid,
                let first = rule.days.next(from: day, through: limit)
            else { return nil }
            return PeriodMembers(week: first - (first - anchor).flooredRemainder(by: 7), rule.days)
        }
        let month = CalendarMonth(containing: day).index
        let last = CalendarMonth(containing: limit).index + 1
        let next = rule.days.nextOwnMonth(from: month, through: last)
        guard next <= last else { return nil }
        return frequency == .monthly
            ? PeriodMembers(firstMonth: next, count: 1, rule.days)
            : PeriodMembers(firstMonth: next - next.flooredRemainder(by: 12), count: 12, rule.days)
    }
}

/// The days of one period of a rule, as sets by month.
struct PeriodMembers {
    /// The first day of the period.
    let firstDay: Int
    /// The first day after it.
    let endDay: Int
    /// How many days the rule has in the period.
    private(set) var count = 0
    /// The months from the one before the period on; SKIP may move dates into that one.
    private let firstMonth: Int
    private var months = InlineArray<14, UInt64>(repeating: 0)

    /// The members of the `count` months from `firstMonth` on, one or twelve.
    init(firstMonth: Int, count: Int, _ rule: DayRule) {
        self.firstMonth = firstMonth - 1
        firstDay = CalendarMonth(index: firstMonth).firstDay
        endDay = CalendarMonth(index: firstMonth + count).firstDay
        for slot in 1...count {
            let month = CalendarMonth(index: firstMonth + slot - 1)
            let days = rule.ownDays(of: month)
            months[slot] |= days & month.allDays
            if days & 1 == 1 {
                months[slot - 1] |= 1 << UInt64(CalendarMonth(index: month.index - 1).length)
            }
            months[slot + 1] |= (days >> UInt64(month.length + 1) & 1) << 1
        }
        for slot in 0..<14 { self.count += months[slot].nonzeroBitCount }
    }

    /// The members of the week that starts on `day`.
    init(week day: Int, _ rule: DayRule) {
        firstDay = day
        endDay = day + 7
        var month = CalendarMonth(containing: day)
        firstMonth = month.index
        for slot in 0..<2 {
            let first = day - month.firstDay + 1
            months[slot] = rule.ownDays(of: month) & .bits(from: max(first, 1), through: first + 6)
            count += months[slot].nonzeroBitCount
            month = CalendarMonth(index: month.index + 1)
        }
    }

    /// How many members are before `time`, given the times of each day.
    func rank(of time: Int64, in times: TimeRule) -> Int {
        let day = Int(time.flooredQuotient(by: 86_400))
        guard day >= firstDay - 1 else { return 0 }
        let month = CalendarMonth(containing: day)
        let slot = month.index - firstMonth
        let perDay = times.count(onDay: day)
        guard (0..<14).contains(slot) else { return slot < 0 ? 0 : count * perDay }
        let position = day - month.firstDay + 1
        var days = months[slot].below(position).nonzeroBitCount
        for earlier in 0..<slot { days += months[earlier].nonzeroBitCount }
        let isMember = months[slot].contains(position)
        let second = Int(time - Int64(day) * 86_400)
        return days * perDay + (isMember ? times.count(onDay: day, before: second) : 0)
    }

    /// The member at `index`, which must exist, as seconds since the epoch.
    func member(at index: Int, in times: TimeRule) -> Int64 {
        let perDay = times.count(onDay: firstDay)
        var day = index / perDay
        var slot = 0
        while day >= months[slot].nonzeroBitCount {
            day -= months[slot].nonzeroBitCount
            slot += 1
        }
        let first = CalendarMonth(index: firstMonth + slot).firstDay
        let date = first + months[slot].select(day) - 1
        return Int64(date) * 86_400 + Int64(times.second(at: index % perDay, onDay: date))
    }
}
