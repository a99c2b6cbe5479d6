// SPDX-License-Identifier: Apache-2.0

/// One thing in a calendar that could not be kept as it was, so that nothing is lost in silence.
package struct CalendarNotice: Hashable, Sendable {
    /// The line of the file, from 1, on which it (first) stands.
    package let line: Int
    /// The entry it belongs to: its summary, else its UID; `nil` for the calendar as a whole.
    package let component: String?
    /// The property or component it is about, such as `RRULE`, `VEVENT.GEO` or `VJOURNAL`.
    package let property: String?
    /// What was not kept, why, and what was done instead.
    package let message: String
    /// How many places of the file this notice speaks for, at least 1.
    package internal(set) var count = 1
}

/// The notices of one import, collected within `CalendarLimits.notices`.
struct NoticeLog {
    private(set) var notices: [CalendarNotice] = []
    private var positions: [Subject: Int] = [:]
    private var unlisted = 0
    private var firstUnlistedLine = 0

    /// What the places that share a notice have in common.
    private struct Subject: Hashable {
        let property: String
        let message: String
    }

    /// Records something about one place of the file.
    ///
    /// The texts are made only when they are listed, so that a flood of notices stays cheap.
    mutating func add(
        _ line: Int,
        _ component: @autoclosure () -> String?,
        _ property: String?,
        _ message: @autoclosure () -> String
    ) {
        guard notices.count < CalendarLimits.notices else {
            if unlisted == 0 { firstUnlistedLine = line }
            unlisted += 1
            return
        }
        notices.append(
            CalendarNotice(
                line: line,
                component: component(),
                property: property,
                message: message()
            )
        )
    }

    /// Records something that many places share: the first opens a notice, the others count in it.
    mutating func tally(_ line: Int, _ property: String, _ message: String) {
        let subject = Subject(property: property, message: message)
        if let position = positions[subject] {
            notices[position].count += 1
            return
        }
        if notices.count < CalendarLimits.notices { positions[subject] = notices.count }
        add(line, nil, property, message)
    }

    /// The notices in the order of the file, and a last one that counts what is not listed.
    consuming func finished() -> [CalendarNotice] {
        var result = notices.enumerated()
            .sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
            .map(\.element)
        guard unlisted > 0 else { return result }
        result.append(
            CalendarNotice(
                line: firstUnlistedLine,
                component: nil,
                property: nil,
                message: "More notices than can be listed (\(CalendarLimits.notices)) follow.",
                count: unlisted
            )
        )
        return result
    }
}
