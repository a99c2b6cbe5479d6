// SPDX-License-Identifier: Apache-2.0

/// The times of day of a rule, compiled to bit sets.
///
/// Three sets of hours, minutes and seconds multiply. Below a day, INTERVAL makes the sets depend
/// on the day: then the instants that count lie on a grid of `interval` seconds from `phase`, and
/// each hour, minute and second of a set must also hold a point of that grid.
struct TimeRule {
    var hours: UInt64
    var minutes: UInt64
    var seconds: UInt64
    /// Seconds between the points of the grid; 0 when every period counts.
    var interval: Int64 = 0
    /// One point of the grid, in seconds since the epoch, at the start of its period.
    var phase: Int64 = 0
    /// The period, in seconds, that the grid chooses; below it the sets are the same every time.
    var period: Int64 = 86_400
    /// The offsets that BYSETPOS picks in each period, ascending; nil when it does not.
    var picked: [Int]?

    /// Whether no day can have any of these times.
    var isEmpty: Bool {
        hours == 0 || minutes == 0 || seconds == 0 || picked?.isEmpty == true
    }

    /// Whether all days have the same times.
    var isSameEveryDay: Bool { interval == 0 || 86_400 % interval == 0 }

    /// The first day, from `day` on, that holds a point of the grid.
    func nextDay(from day: Int) -> Int {
        guard interval > 86_400 else { return day }
        let start = Int64(day) * 86_400
        let point = start + (phase - start).flooredRemainder(by: interval)
        return Int(point.flooredQuotient(by: 86_400))
    }

    /// The first second of `day`, not before `second`, that is a time of the rule.
    func next(on day: Int, from second: Int) -> Int? {
        let start = Int64(day) * 86_400
        if let picked { return nextPicked(picked, start, from: second) }
        let hour = second / 3600
        let minute = second / 60 % 60
        var hours = self.hours(from: start).from(hour)
        while hours != 0 {
            let thisHour = hours.removeFirst()
            let hourStart = start + Int64(thisHour) * 3600
            let isFirstHour = thisHour == hour
            var minutes = self.minutes(from: hourStart).from(isFirstHour ? minute : 0)
            while minutes != 0 {
                let thisMinute = minutes.removeFirst()
                let isFirst = isFirstHour && thisMinute == minute
                let seconds = self.seconds(from: hourStart + Int64(thisMinute) * 60)
                    .from(isFirst ? second % 60 : 0)
                guard seconds == 0 else {
                    return thisHour * 3600 + thisMinute * 60 + seconds.trailingZeroBitCount
                }
            }
        }
        return nil
    }

    private func nextPicked(_ picked: [Int], _ start: Int64, from second: Int) -> Int? {
        guard let last = picked.last else { return nil }
        if period == 86_400 { return picked[picked.firstIndex(notBefore: second)...].first }
        var hours = self.hours(from: start).from(second / 3600)
        while hours != 0 {
            let hourStart = hours.removeFirst() * 3600
            guard second - hourStart <= last else { continue }
            return hourStart + picked[picked.firstIndex(notBefore: second - hourStart)]
        }
        return nil
    }
}

// MARK: - The three levels

extension TimeRule {
    /// The hours that count in the day that starts at `start`.
    func hours(from start: Int64) -> UInt64 {
        interval == 0 ? hours : hours & points(from: start, unit: 3600, count: 24)
    }

    /// The minutes that count in the hour that starts at `start`.
    func minutes(from start: Int64) -> UInt64 {
        interval == 0 || period > 60
            ? minutes : minutes & points(from: start, unit: 60, count: 60)
    }

    /// The seconds that count in the minute that starts at `start`.
    func seconds(from start: Int64) -> UInt64 {
        interval == 0 || period > 1 ? seconds : seconds & points(from: start, unit: 1, count: 60)
    }

    /// Which of the `count` units from `start` on hold a point of the grid.
    private func points(from start: Int64, unit: Int64, count: Int64) -> UInt64 {
        guard interval > unit else { return .max }
        var point = (phase - start).flooredRemainder(by: interval)
        var units: UInt64 = 0
        while point < count * unit {
            units |= 1 << UInt64(point / unit)
            point += interval
        }
        return units
    }
}

extension [Int] {
    /// The index of the first element that is not below `value`, in an ascending array.
    func firstIndex(notBefore value: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
