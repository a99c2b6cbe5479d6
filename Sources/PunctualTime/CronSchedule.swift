// SPDX-License-Identifier: Apache-2.0

/// Why a schedule cannot be read, in words for whoever wrote it.
public struct CronError: Error, Hashable, Sendable {
    /// What is wrong, and what would be right.
    public let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// When something is repeated, as Dapr's jobs say it.
///
/// Six fields of cron, a descriptor such as `@daily`, or `@every` and a duration; before it perhaps
/// `CRON_TZ=` or `TZ=` and a zone. Cron without a zone is in UTC.
public struct CronSchedule: Hashable, Sendable {
    private enum Kind: Hashable, Sendable {
        /// So many microseconds after the time before, a second at least.
        case every(Int64)
        case fields(CronFields)
    }
    /// How far ahead a time is looked for, in days: a rule for February 29 may wait eight years.
    private static let horizonDays = 366 * 9
    /// A zone changes its offset some four times a year at most.
    private static let maximumSegments = 64

    private let kind: Kind
    private let zone: ZoneRules

    /// Reads a schedule.
    ///
    /// `zones` gives the rules of a zone by its IANA name; nil when there is none.
    ///
    /// - Throws: ``CronError`` when it has another form, or when it can never come.
    public init(
        _ text: String,
        zones: (String) -> ZoneRules?
    ) throws(CronError) {
        var rest = Substring(text)
        var zone: ZoneRules?
        for prefix in ["CRON_TZ=", "TZ="] where rest.hasPrefix(prefix) {
            let name = rest.dropFirst(prefix.count).prefix { !$0.isWhitespace }
            guard let rules = zones(String(name)) else {
                throw CronError("\"\(name)\" is no time zone of the IANA database")
            }
            zone = rules
            rest = rest.dropFirst(prefix.count + name.count)
            break
        }
        rest = rest.drop(while: \.isWhitespace)
        guard !rest.isEmpty else { throw CronError("the schedule is empty") }
        if rest.hasPrefix("@every ") {
            guard zone == nil else { throw CronError("@every does not go with a time zone") }
            kind = .every(try Self.period(rest.dropFirst(7)))
        } else if rest.hasPrefix("@") {
            kind = .fields(try Self.descriptor(rest))
        } else {
            kind = .fields(try CronFields(parsing: rest))
        }
        self.zone = zone ?? .utc
        guard next(after: WallInstant(microsecondsSinceEpoch: 0)) != nil else {
            throw CronError("no date is one of those that the schedule asks for")
        }
    }

    private static func period(_ text: Substring) throws(CronError) -> Int64 {
        guard let microseconds = GoDuration.microseconds(text), microseconds > 0 else {
            throw CronError("\"\(text)\" is no duration such as 1h30m")
        }
        return max(1_000_000, microseconds)
    }

    private static func descriptor(_ text: Substring) throws(CronError) -> CronFields {
        var fields = CronFields()
        switch text {
        case "@yearly", "@annually": (fields.days, fields.months) = (2, 2)
        case "@monthly": fields.days = 2
        case "@weekly": fields.weekdays = 1
        case "@daily", "@midnight": break
        case "@hourly": fields.hours = CronFields.all(0...23)
        default: throw CronError("\"\(text)\" is no schedule; @daily and @every 1h are two")
        }
        fields.takesAnyDay = fields.days != 2
        fields.takesAnyWeekday = fields.weekdays != 1
        return fields
    }

    /// The first time after `instant`; nil when there is none within nine years.
    ///
    /// `@every` counts from `instant`. A time that a zone's clocks skip does not come, and one that
    /// they show twice comes twice.
    public func next(after instant: WallInstant) -> WallInstant? {
        guard case .fields(let fields) = kind else {
            guard case .every(let period) = kind else { return nil }
            return instant.adding(microseconds: period)
        }
        // The next whole second: what lies between two seconds comes after the first.
        var second = instant.secondsSinceEpoch + 1
        let limit = second + Int64(Self.horizonDays) * 86_400
        for _ in 0..<Self.maximumSegments where second < limit {
            let from = WallInstant(secondsSinceEpoch: second)
            let offset = Int64(zone.offset(at: from))
            let end = min(zone.nextTransition(after: from)?.secondsSinceEpoch ?? limit, limit)
            let found = fields.next(
                from: CivilDateTime(secondsSinceEpoch: second + offset),
                before: CivilDateTime(secondsSinceEpoch: end + offset)
            )
            if let found { return WallInstant(secondsSinceEpoch: found.secondsSinceEpoch - offset) }
            second = end
        }
        return nil
    }
}
