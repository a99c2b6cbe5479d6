// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

extension CalendarDuration {
    /// A distance between two readings of one clock, its whole days as nominal ones.
    ///
    /// - Throws: `TimeFormatError` if it is longer than ten years.
    init(clockSeconds seconds: Int64) throws(TimeFormatError) {
        try self.init(days: Int(seconds / 86_400), seconds: Int(seconds % 86_400))
    }

    /// This duration and then `other`.
    ///
    /// Where one goes forward and the other back, their days count as 24 hours, because a
    /// duration has one sign.
    ///
    /// - Throws: `TimeFormatError` if it is longer than ten years.
    func adding(_ other: CalendarDuration) throws(TimeFormatError) -> CalendarDuration {
        let (days, seconds) = (days + other.days, seconds + other.seconds)
        guard days.signum() * seconds.signum() < 0 else {
            return try CalendarDuration(days: days, seconds: seconds)
        }
        return try CalendarDuration(seconds: days * 86_400 + seconds)
    }
}
