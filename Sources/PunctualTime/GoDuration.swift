// SPDX-License-Identifier: Apache-2.0

/// Durations as Go writes them, such as `1h30m` or `1.5s`.
public enum GoDuration {
    private static let units: [(name: String, microseconds: Double)] = [
        ("ns", 0.001), ("us", 1), ("µs", 1), ("μs", 1), ("ms", 1_000),
        ("h", 3.6e9), ("m", 6e7), ("s", 1e6),
    ]
    /// A hundred years: longer than anything waits here.
    private static let maximum = 100.0 * 366 * 86_400 * 1_000_000

    /// The microseconds of a duration, rounded up; nil when the text has another form, is negative
    /// or exceeds a hundred years.
    public static func microseconds(_ text: some StringProtocol) -> Int64? {
        if text == "0" { return 0 }
        var rest = text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard !rest.isEmpty else { return nil }
        var sum = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard !digits.isEmpty, digits != ".",
                let value = Double(digits.hasPrefix(".") ? "0" + digits : String(digits))
            else { return nil }
            rest = rest.dropFirst(digits.count)
            guard let unit = units.first(where: { rest.hasPrefix($0.name) }) else { return nil }
            rest = rest.dropFirst(unit.name.count)
            sum += value * unit.microseconds
        }
        guard sum <= maximum else { return nil }
        return Int64(sum.rounded(.up))
    }
}
