// SPDX-License-Identifier: Apache-2.0

/// The UTC offsets of one time zone, past and future.
///
/// Time is a row of segments, each with one offset. The segments up to the last transition in the
/// zone's TZif file are a sorted table; those beyond it follow the rule in the file's footer and
/// are computed from the year. Looking one up allocates nothing.
public struct ZoneRules: Hashable, Sendable {
    /// A stretch of instants with one UTC offset; all in seconds since the Unix epoch.
    struct Segment {
        /// The first second of the segment.
        var start: Int64
        /// The first second after it.
        var end: Int64
        /// Seconds to add to UTC.
        var offset: Int64

        /// Where the first segment starts; far from overflow when an offset is added.
        static let distantPast: Int64 = -1 << 60
        /// Where the last segment ends.
        static let distantFuture: Int64 = 1 << 60

        /// Whether a clock in this segment shows `local`, seconds counted as if they were UTC.
        func shows(_ local: Int64) -> Bool {
            local - offset >= start && local - offset < end
        }
    }

    /// The name of the zone in the IANA database.
    public let identifier: String
    /// When each segment of the table but the first starts; ascending.
    let starts: [Int64]
    /// The offset of each segment of the table, one more than `starts`.
    let offsets: [Int64]
    /// The rule in force from `footerStart` on, if the zone still changes its clocks.
    let footer: PosixTimeZone?
    /// The first second for which the footer speaks.
    let footerStart: Int64

    /// No offset is larger (RFC 9636 §3.2), in seconds.
    static let maximumOffset: Int64 = 93_599

    /// Coordinated Universal Time.
    public static let utc = ZoneRules(
        identifier: "UTC",
        starts: [],
        offsets: [0],
        footer: nil,
        footerStart: Segment.distantFuture
    )

    init(
        identifier: String,
        starts: [Int64],
        offsets: [Int64],
        footer: PosixTimeZone?,
        footerStart: Int64
    ) {
        self.identifier = identifier
        self.starts = starts
        self.offsets = offsets
        self.footer = footer
        self.footerStart = footerStart
    }

    /// Seconds to add to UTC at `instant` to get local time.
    public func offset(at instant: WallInstant) -> Int32 {
        Int32(segment(at: instant.secondsSinceEpoch).offset)
    }

    /// What a clock in the zone shows at `instant`, in whole seconds, clamped to years 1 to 9999.
    public func localTime(at instant: WallInstant) -> CivilDateTime {
        let seconds = instant.secondsSinceEpoch
        return CivilDateTime(secondsSinceEpoch: seconds + segment(at: seconds).offset)
    }

    /// The next instant after `instant` at which the offset changes, up to the year 9999.
    public func nextTransition(after instant: WallInstant) -> WallInstant? {
        let current = segment(at: instant.secondsSinceEpoch)
        var next = current
        repeat {
            guard next.end < CivilDateTime.max.secondsSinceEpoch else { return nil }
            next = segment(at: next.end)
        } while next.offset == current.offset
        return WallInstant(secondsSinceEpoch: next.start)
    }

    /// The segment that `seconds` since the Unix epoch falls in.
    func segment(at seconds: Int64) -> Segment {
        if let footer, seconds >= footerStart {
            var segment = footer.segment(at: seconds)
            segment.start = max(segment.start, footerStart)
            return segment
        }
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return Segment(
            start: low == 0 ? Segment.distantPast : starts[low - 1],
            end: low < starts.count ? starts[low] : footerStart,
            offset: offsets[low]
        )
    }
}

extension ZoneRules {
    /// The segments that have a say in what a local time means.
    struct Reading {
        var kind: LocalTimeResolution.Kind
        /// The segment that shows the time first, or the one before the gap.
        var before: Segment
        /// The segment that shows the time last, or the one after the gap.
        var after: Segment
    }

    /// The instant that `local` means in this zone (RFC 5545 §3.3.5).
    ///
    /// One time always means one instant here: the policies `.skip` and `.both`, which take away
    /// and add occurrences of a series, read as their defaults.
    public func resolve(
        _ local: CivilDateTime,
        gap: GapPolicy = .offsetBefore,
        fold: FoldPolicy = .first
    ) -> LocalTimeResolution {
        let seconds = local.secondsSinceEpoch
        let reading = reading(of: seconds)
        let instant =
            switch (reading.kind, gap, fold) {
            case (.gap, .nextValid, _): reading.after.start
            case (.fold, _, .last): seconds - reading.after.offset
            default: seconds - reading.before.offset
            }
        return LocalTimeResolution(
            instant: WallInstant(secondsSinceEpoch: instant),
            kind: reading.kind
        )
    }

    /// Finds the segments around `local`, seconds counted as if they were UTC.
    func reading(of local: Int64) -> Reading {
        var previous = segment(at: local - Self.maximumOffset)
        if previous.end > local + Self.maximumOffset {
            return Reading(kind: .unique, before: previous, after: previous)
        }
        var first = previous.shows(local) ? previous : nil
        var gap = (before: previous, after: previous)
        while previous.end <= local + Self.maximumOffset {
            let segment = segment(at: previous.end)
            if segment.shows(local) {
                guard let first else {
                    first = segment
                    previous = segment
                    continue
                }
                return Reading(kind: .fold, before: first, after: segment)
            }
            if local - previous.offset >= previous.end, local - segment.offset < segment.start {
                gap = (previous, segment)
            }
            previous = segment
        }
        if let first { return Reading(kind: .unique, before: first, after: first) }
        return Reading(kind: .gap, before: gap.before, after: gap.after)
    }
}
