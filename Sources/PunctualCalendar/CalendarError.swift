// SPDX-License-Identifier: Apache-2.0

/// Why a whole calendar was refused.
///
/// Only a file that is no calendar, or one beyond `CalendarLimits`, is refused; whatever is
/// wrong inside a calendar becomes a `CalendarNotice` and the rest is imported.
package struct CalendarError: Error, Equatable, Sendable {
    /// What kind of refusal it is.
    package enum Code: String, Sendable {
        /// Not one BEGIN:VCALENDAR, BEGIN:VEVENT or BEGIN:VTODO in it.
        case notACalendar
        /// The bytes are UTF-16, which RFC 5545 §3.1.4 does not allow.
        case unsupportedEncoding
        /// More than one of the first six bounds of `CalendarLimits` allows.
        case tooLarge
    }

    /// What kind of refusal it is.
    package let code: Code
    /// What is wrong and what to do about it, in full sentences.
    package let message: String
    /// The line of the file, from 1; `nil` when the file as a whole is meant.
    package let line: Int?

    static func tooLarge(_ message: String, line: Int? = nil) -> CalendarError {
        CalendarError(code: .tooLarge, message: message, line: line)
    }
}

extension CalendarError: CustomStringConvertible {
    /// The message, with the line in front when there is one.
    package var description: String {
        line.map { "line \($0): \(message)" } ?? message
    }
}
