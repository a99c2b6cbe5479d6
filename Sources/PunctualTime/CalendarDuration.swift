// SPDX-License-Identifier: Apache-2.0

/// A signed duration as people and calendars write it: whole days plus an exact time.
///
/// Days are nominal: one day later is the same time on the wall, even when clocks change in
/// between. Hours, minutes and seconds are exact. RFC 5545 §3.3.6, ISO 8601 without years and
/// months.
public struct CalendarDuration: Hashable, Sendable {
    /// Nominal days, negative for a duration backwards.
    public let days: Int
    /// Exact seconds, never of the other sign than `days`.
    public let seconds: Int

    /// No duration is longer, in days: ten years of 366.
    public static let maximumDays = 3660

    /// A duration of `days` and `seconds`.
    ///
    /// - Throws: `TimeFormatError` if the signs differ or it is longer than ten years.
    public init(days: Int = 0, seconds: Int = 0) throws(TimeFormatError) {
        guard days.signum() * seconds.signum() >= 0 else {
            throw .malformed("the days and the time of a duration must have the same sign")
        }
        let limit = Self.maximumDays
        guard (-limit...limit).contains(days), (-limit * 86_400...limit * 86_400).contains(seconds),
            abs(days) + (abs(seconds) + 86_399) / 86_400 <= limit
        else { throw .outOfRange("a duration is at most ten years (\(limit) days)") }
        self.days = days
        self.seconds = seconds
    }
}

extension CalendarDuration {
    /// The instant this much after `instant` in `zone`: the days on the wall, then the exact time.
    public func added(to instant: WallInstant, in zone: ZoneRules) -> WallInstant {
        guard days != 0 else { return addingTime(to: instant) }
        let fraction = instant.microsecondsSinceEpoch.flooredRemainder(by: 1_000_000)
        let moved = zone.localTime(at: instant).adding(seconds: Int64(days) * 86_400)
        return addingTime(to: zone.resolve(moved).instant.adding(microseconds: fraction))
    }

    /// The instant this much after the local time `local` in `zone`, by `policy`.
    public func added(
        to local: CivilDateTime,
        in zone: ZoneRules,
        policy: DSTPolicy = DSTPolicy()
    ) -> WallInstant {
        let moved = local.adding(seconds: Int64(days) * 86_400)
        return addingTime(to: zone.resolve(moved, gap: policy.gap, fold: policy.fold).instant)
    }

    /// The local time this much after `local` where clocks never change.
    public func added(to local: CivilDateTime) -> CivilDateTime {
        local.adding(seconds: Int64(days) * 86_400 + Int64(seconds))
    }

    private func addingTime(to instant: WallInstant) -> WallInstant {
        instant.adding(microseconds: Int64(seconds) * 1_000_000)
    }
}

extension CalendarDuration: CustomStringConvertible {
    /// Reads `-PT1H`, `P1D`, `P1DT2H`, `P2W` or `+PT0S`.
    ///
    /// - Throws: `TimeFormatError` if the text has another form or is longer than ten years.
    public init(_ text: some StringProtocol) throws(TimeFormatError) {
        var scanner = TextScanner(text, limit: 40)
        let sign = scanner.skip("-") ? -1 : 1
        if sign > 0 { _ = scanner.skip("+") }
        guard scanner.skip("P"), !scanner.isAtEnd else { throw Self.shape }

        var days = 0
        var seconds = 0
        if scanner.next != UInt8(ascii: "T") {
            guard let count = scanner.number() else { throw Self.shape }
            let isWeeks = scanner.skip("W")
            guard isWeeks ? scanner.isAtEnd : scanner.skip("D") else { throw Self.shape }
            days = isWeeks ? count * 7 : count
        }
        if scanner.skip("T") {
            guard !scanner.isAtEnd else { throw Self.shape }
            for (unit, size) in [("H", 3600), ("M", 60), ("S", 1)] as [(Unicode.Scalar, Int)] {
                var field = scanner
                guard let count = field.number(), field.skip(unit) else { continue }
                seconds += count * size
                scanner = field
            }
        }
        guard scanner.isAtEnd else { throw Self.shape }
        try self.init(days: sign * days, seconds: sign * seconds)
    }

    private static let shape = TimeFormatError.malformed(
        "a duration is written P1D, PT1H30M, P1DT2H or P2W, with a minus in front to go back"
    )

    /// The shortest ISO 8601 text of this duration: `P2D`, `-PT1H30M`, `PT0S`.
    public var description: String {
        let time = [(seconds / 3600, "H"), (seconds / 60 % 60, "M"), (seconds % 60, "S")]
            .filter { $0.0 != 0 }
            .map { "\(abs($0.0))\($0.1)" }
            .joined()
        if days == 0 && seconds == 0 { return "PT0S" }
        return (days < 0 || seconds < 0 ? "-P" : "P") + (days == 0 ? "" : "\(abs(days))D")
            + (time.isEmpty ? "" : "T" + time)
    }
}
