// SPDX-License-Identifier: Apache-2.0

/// What stands between a BEGIN and its END: a calendar, an entry, an alarm (RFC 5545 §3.6).
package struct CalendarComponent: Hashable, Sendable {
    /// The name after BEGIN, in upper case, such as `VEVENT`.
    package let name: String
    /// The line of its BEGIN, from 1.
    package let line: Int
    /// Its properties in the order written.
    package internal(set) var properties: [ContentLine] = []
    /// The components inside it in the order written.
    package internal(set) var children: [CalendarComponent] = []

    /// The first property called `name` (upper case).
    package func first(_ name: String) -> ContentLine? {
        properties.first { $0.name == name }
    }

    /// Every property called `name` (upper case).
    package func all(_ name: String) -> [ContentLine] {
        properties.filter { $0.name == name }
    }

    /// How a notice names it: its summary, else its UID, else nothing.
    var label: String? {
        (first("SUMMARY")?.text ?? first("UID")?.value).map(shortened)
    }
}
