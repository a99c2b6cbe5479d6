// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// The `Retry-After` header, RFC 9110 §10.2.3.
enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The delay that it asks for, in seconds or as a date; nil for what is neither.
    ///
    /// Of dates only the preferred form is read, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func delay(_ value: String, now: WallInstant) -> Duration? {
        if let seconds = UInt32(value) { return .seconds(seconds) }
        let parts = value.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]),
            let year = Int(parts[3]),
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let time = parts[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3,
            let date = CivilDateTime(
                year: year,
                month: month + 1,
                day: day,
                hour: time[0],
                minute: time[1],
                second: time[2]
            )
        else { return nil }
        return .seconds(max(0, date.secondsSinceEpoch - now.secondsSinceEpoch))
    }
}
