// SPDX-License-Identifier: Apache-2.0

extension TimeRule {
    /// How many times of the rule `day` has before `second`.
    func count(onDay day: Int, before second: Int = 86_400) -> Int {
        let start = Int64(day) * 86_400
        if let picked, period == 86_400 { return picked.firstIndex(notBefore: second) }
        let hour = second / 3600
        let hours = self.hours(from: start)
        var count = 0
        if period >= 3600 {
            count = hours.below(hour).nonzeroBitCount * self.count(inHour: start)
        } else {
            var rest = hours.below(hour)
            while rest != 0 {
                count += self.count(inHour: start + Int64(rest.removeFirst() * 3600))
            }
        }
        guard hours.contains(hour) else { return count }
        return count + self.count(inHour: start + Int64(hour * 3600), before: second % 3600)
    }

    /// How many times of the rule the hour that starts at `start` has before `second`.
    func count(inHour start: Int64, before second: Int = 3600) -> Int {
        if let picked { return picked.firstIndex(notBefore: second) }
        let minute = second / 60
        let minutes = self.minutes(from: start)
        var count = 0
        if period >= 60 {
            count = minutes.below(minute).nonzeroBitCount * seconds.nonzeroBitCount
        } else {
            var rest = minutes.below(minute)
            while rest != 0 {
                count += seconds(from: start + Int64(rest.removeFirst() * 60)).nonzeroBitCount
            }
        }
        guard minutes.contains(minute) else { return count }
        return count
            + seconds(from: start + Int64(minute * 60)).below(second % 60).nonzeroBitCount
    }

    /// The time at `index`, from 0, among those of `day`, which must have as many.
    func second(at index: Int, onDay day: Int) -> Int {
        if let picked, period == 86_400 { return picked[index] }
        let start = Int64(day) * 86_400
        var index = index
        var hours = self.hours(from: start)
        while true {
            let hour = hours.removeFirst()
            let hourStart = start + Int64(hour * 3600)
            let count = self.count(inHour: hourStart)
            if index < count { return hour * 3600 + second(at: index, inHour: hourStart) }
            index -= count
        }
    }

    private func second(at index: Int, inHour start: Int64) -> Int {
        if let picked { return picked[index] }
        var index = index
        var minutes = self.minutes(from: start)
        while true {
            let minute = minutes.removeFirst()
            let seconds = self.seconds(from: start + Int64(minute * 60))
            if index < seconds.nonzeroBitCount { return minute * 60 + seconds.select(index) }
            index -= seconds.nonzeroBitCount
        }
    }
}
