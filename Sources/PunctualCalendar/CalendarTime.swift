// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A date or time as calendars state it (RFC 5545 §3.3.4 and §3.3.5).
package enum CalendarTime: Hashable, Sendable {
    /// An instant, written in UTC.
    case instant(WallInstant)
    /// A local time in an IANA zone that the caller knows.
    case local(CivilDateTime, zoneIdentifier: String)
    /// A local time wherever the user is.
    case floating(CivilDateTime)
    /// A whole day wherever the user is: due at its start.
    case date(CivilDate)
}

extension CalendarTime {
    /// The zone it is in: `UTC` for an instant, `nil` where it is the user's.
    package var zoneIdentifier: String? {
        switch self {
        case .instant: "UTC"
        case .local(_, let zone): zone
        case .floating, .date: nil
        }
    }

    /// What a clock in `zoneIdentifier` shows; 00:00 for a whole day.
    ///
    /// An instant is rounded down to the second, which is exact for those of a calendar.
    package var civil: CivilDateTime {
        switch self {
        case .instant(let instant): CivilDateTime(secondsSinceEpoch: instant.secondsSinceEpoch)
        case .local(let civil, _), .floating(let civil): civil
        case .date(let date): CivilDateTime(date: date)
        }
    }

    /// The same kind of time, as another clock reading; of a whole day, only the date.
    func with(civil: CivilDateTime) -> CalendarTime {
        switch self {
        case .instant: .instant(WallInstant(utc: civil))
        case .local(_, let zone): .local(civil, zoneIdentifier: zone)
        case .floating: .floating(civil)
        case .date: .date(civil.date)
        }
    }

    /// The time so many seconds of its own clock later, within the years 1 to 9999.
    func adding(seconds: Int64) -> CalendarTime { with(civil: civil.adding(seconds: seconds)) }

    /// Seconds of the clock from `other` to this; `nil` when their zones differ, for then only
    /// zone rules could tell.
    func seconds(since other: CalendarTime) -> Int64? {
        guard zoneIdentifier == other.zoneIdentifier else { return nil }
        return civil.secondsSinceEpoch - other.civil.secondsSinceEpoch
    }

    /// The time as one of a series that begins with `start`, and what was assumed for that.
    ///
    /// Dates and times are mixed by sloppy producers: a date among times means the time of day of
    /// `start`, a time among dates its date, and a time without zone is in the zone of `start`.
    func conformed(to start: CalendarTime) -> (time: CalendarTime, message: String?) {
        switch (self, start) {
        case (.date, .date), (.floating, .floating):
            return (self, nil)
        case (.date(let date), _):
            let civil = CivilDateTime(date: date, secondOfDay: start.civil.secondOfDay)
            return (start.with(civil: civil), "A date without time means the time of DTSTART.")
        case (_, .date):
            return (.date(civil.date), "Of a time in an all-day series only the date counts.")
        case (.floating(let civil), _):
            return (start.with(civil: civil), "A time without zone is in the zone of DTSTART.")
        default:
            return (self, nil)
        }
    }
}

extension CalendarTime {
    /// The instant it means for a user in `userZone`.
    ///
    /// A whole day means its start. Gaps and folds are resolved as RFC 5545 §3.3.5 has it.
    ///
    /// - Parameters:
    ///   - userZone: the IANA zone of times that have none of their own.
    ///   - rules: the rules of an IANA zone.
    /// - Returns: the instant, or `nil` when `rules` does not know the zone.
    package func instant(
        userZone: String,
        rules: (String) -> ZoneRules?
    ) -> WallInstant? {
        if case .instant(let instant) = self { return instant }
        return rules(zoneIdentifier ?? userZone)?.resolve(civil).instant
    }

    /// What a clock in the zone of a series shows then.
    ///
    /// - Parameters:
    ///   - seriesZone: the IANA zone of the series, which times without a zone are in as well.
    ///   - rules: the rules of an IANA zone.
    /// - Returns: the local time, or `nil` when `rules` does not know a zone.
    package func civil(
        inZone seriesZone: String,
        rules: (String) -> ZoneRules?
    ) -> CivilDateTime? {
        guard let zoneIdentifier, zoneIdentifier != seriesZone else { return civil }
        return instant(userZone: seriesZone, rules: rules).flatMap {
            rules(seriesZone)?.localTime(at: $0)
        }
    }
}
