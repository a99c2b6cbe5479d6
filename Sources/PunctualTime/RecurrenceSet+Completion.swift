// SPDX-License-Identifier: Apache-2.0

extension RecurrenceSet {
    /// The next occurrence of a series whose interval counts from when it was last done
    /// (`anchor: completion`).
    ///
    /// The rule starts anew at the completion. A daily or longer rule starts on the completion's
    /// date with the series' time of day, and its next occurrence lies on a later date: "every
    /// three days at 09:00", done on the 20th at any hour, comes on the 23rd. A shorter rule
    /// starts at the completion itself. EXDATEs and UNTIL hold as ever; COUNT does not, because
    /// how many were done only the caller knows; RDATEs belong to no interval and are left out.
    ///
    /// - Parameters:
    ///   - completion: When it was done, in local time of the series.
    ///   - previous: The nominal time of the occurrence that was done; the next one is later.
    /// - Returns: The next occurrence, or nil when the series has ended or has no rule.
    public func next(
        afterCompletion completion: CivilDateTime,
        previous: CivilDateTime? = nil
    ) -> Occurrence? {
        guard var rule else { return nil }
        if case .count = rule.end { rule.end = .never }
        let isDaily = rule.frequency >= .daily
        let restart =
            isDaily
            ? CivilDateTime(date: completion.date, secondOfDay: dtstart.secondOfDay) : completion
        let passed =
            isDaily ? CivilDateTime(date: completion.date, secondOfDay: 86_399) : completion
        return RecurrenceSet(dtstart: restart, zone: zone, rule: rule, exdates: exdates, dst: dst)
            .next(afterLocal: max(passed, previous ?? passed))
    }
}
