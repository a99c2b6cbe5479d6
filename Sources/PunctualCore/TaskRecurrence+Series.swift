// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

extension TaskRecurrence {
    /// The series in a zone.
    func set(in rules: ZoneRules) -> RecurrenceSet {
        RecurrenceSet(
            dtstart: start,
            zone: rules,
            rule: rule,
            rdates: rdates,
            exdates: exdates,
            dst: dst
        )
    }

    /// The rule with what is left of its COUNT at the occurrence of `nominal`.
    ///
    /// Which instance that is, is found by halving: an instance is the last one of the rule with
    /// its number for COUNT. A series anchored to completion counts its occurrences by itself.
    func ruleLeft(at nominal: CivilDateTime?) -> RecurrenceRule {
        guard case .count(let count) = rule.end, anchor == .due, let nominal else { return rule }
        var left = rule
        var (low, high) = (1, count)
        while low < high {
            let middle = low + (high - low) / 2
            left.end = .count(middle)
            let shortened = RecurrenceSet(dtstart: start, zone: nil, rule: left)
            if shortened.next(afterLocal: nominal.adding(seconds: -1)) == nil {
                low = middle + 1
            } else {
                high = middle
            }
        }
        left.end = .count(count - low + 1)
        return left
    }
}
