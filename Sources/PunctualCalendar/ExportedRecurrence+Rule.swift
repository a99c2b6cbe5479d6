// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

extension ExportedRecurrence {
    /// The rule for a reader that counts from `first`, an occurrence of the series.
    ///
    /// What the rule took from the start of the series is put into it, COUNT is what is left of
    /// it, and UNTIL is in UTC, as RFC 5545 §3.3.10 wants it beside a zone.
    func rule(from first: CivilDateTime, in zone: ZoneRules) -> RecurrenceRule {
        let end = end(in: zone)
        guard first != start else {
            var rule = rule
            rule.end = end
            return rule
        }
        let (byDay, byMonthDay, byMonth) = days
        let hasTime = first.secondOfDay == start.secondOfDay || rule.frequency < .daily
        // `try?`: the parts of a valid rule are valid, and what is added is DTSTART's own.
        let moved = try? RecurrenceRule(
            frequency: rule.frequency,
            interval: rule.interval,
            end: end,
            bySecond: hasTime || !rule.bySecond.isEmpty ? rule.bySecond : [start.second],
            byMinute: hasTime || !rule.byMinute.isEmpty ? rule.byMinute : [start.minute],
            byHour: hasTime || !rule.byHour.isEmpty ? rule.byHour : [start.hour],
            byDay: byDay,
            byMonthDay: byMonthDay,
            byYearDay: rule.byYearDay,
            byWeekNumber: rule.byWeekNumber,
            byMonth: byMonth,
            bySetPosition: rule.bySetPosition,
            weekStart: rule.weekStart,
            skip: rule.skip
        )
        return moved ?? rule
    }

    private func end(in zone: ZoneRules) -> RecurrenceEnd {
        switch rule.end {
        case .count(let count): .count(max(1, count - Int(occurrence) + 1))
        case .untilLocal(let local): .until(zone.resolve(local).instant)
        case .untilDate(let date):
            .until(zone.resolve(CivilDateTime(date: date, secondOfDay: 86_399)).instant)
        case .never, .until: rule.end
        }
    }

    /// The parts that say which days, those included that the rule takes from its start.
    private var days: (byDay: [NumberedWeekday], byMonthDay: [Int], byMonth: [Int]) {
        var (byDay, byMonthDay, byMonth) = (rule.byDay, rule.byMonthDay, rule.byMonth)
        let hasDay = !byDay.isEmpty || !byMonthDay.isEmpty || !rule.byYearDay.isEmpty
        let date = start.date
        switch rule.frequency {
        case .weekly where byDay.isEmpty: byDay = [NumberedWeekday(date.weekday)]
        case .monthly where !hasDay: byMonthDay = [date.day]
        case .yearly where !hasDay && !rule.byWeekNumber.isEmpty:
            byDay = [NumberedWeekday(date.weekday)]
        case .yearly where !hasDay:
            byMonthDay = [date.day]
            if byMonth.isEmpty { byMonth = [date.month] }
        case .yearly where !byMonthDay.isEmpty && byMonth.isEmpty && rule.byWeekNumber.isEmpty:
            byMonth = [date.month]
        default: break
        }
        return (byDay, byMonthDay, byMonth)
    }
}
