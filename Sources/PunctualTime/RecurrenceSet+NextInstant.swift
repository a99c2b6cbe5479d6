// SPDX-License-Identifier: Apache-2.0

extension RecurrenceSet {
    /// The occurrence with the earliest instant after `instant`; floating times count as UTC.
    ///
    /// Of several on one instant it is the one with the earliest nominal time.
    ///
    /// Nominal order and the order of instants differ around clock changes: with the offset
    /// before a gap, 02:30 comes due after 03:00; with both sides of a fold, the second 01:30
    /// comes due after the first 01:45. Within one segment of the zone the two orders agree, so
    /// the search goes by segments, each of which owns a range of nominal times.
    public func next(after instant: WallInstant) -> Occurrence? {
        let first = instant.secondsSinceEpoch + 1
        guard let zone else {
            return nominal(from: first).map { Occurrence($0, instant: nil, resolution: nil) }
        }
        var segment = zone.segment(at: first)
        // Times in the gap before this segment belong to the one before and may still be due.
        let isFresh = first - segment.start < 2 * ZoneRules.maximumOffset
        var best = isFresh ? candidate(in: zone.before(segment), of: zone, from: first) : nil
        while true {
            best = earlier(best, candidate(in: segment, of: zone, from: first))
            if let best, best.instant < segment.end { return occurrence(best, zone) }
            guard segment.end < CivilDateTime.max.secondsSinceEpoch else { break }
            let following = zone.segment(at: segment.end)
            guard best == nil, let next = nominal(from: range(of: following, in: zone).lowerBound)
            else {
                best = earlier(best, candidate(in: following, of: zone, from: first))
                break
            }
            // Nothing is due before `next`: go on where it belongs.
            let owner = zone.reading(of: next).before
            segment = owner.start > following.start ? owner : following
        }
        return best.flatMap { occurrence($0, zone) }
    }

    private typealias Candidate = (nominal: Int64, instant: Int64)

    private func earlier(_ left: Candidate?, _ right: Candidate?) -> Candidate? {
        guard let left, let right else { return left ?? right }
        return right.instant < left.instant ? right : left
    }

    private func occurrence(_ candidate: Candidate, _ zone: ZoneRules) -> Occurrence {
        Occurrence(
            candidate.nominal,
            instant: candidate.instant,
            resolution: zone.reading(of: candidate.nominal).kind
        )
    }

    /// The first occurrence from the instant `first` on among those that `segment` owns.
    private func candidate(
        in segment: ZoneRules.Segment?,
        of zone: ZoneRules,
        from first: Int64
    ) -> Candidate? {
        guard let segment else { return nil }
        let range = range(of: segment, in: zone)
        // By `.nextValid` the times of the gap before a segment are due as it starts.
        if dst.gap == .nextValid, segment.start >= first, let before = zone.before(segment),
            before.offset < segment.offset,
            let next = nominal(from: segment.start + before.offset), next < range.lowerBound
        {
            return (next, segment.start)
        }
        let start = max(range.lowerBound, first + segment.offset)
        guard start < range.upperBound, let next = nominal(from: start), next < range.upperBound
        else { return nil }
        return (next, next - segment.offset)
    }

    /// The nominal times that the policy reads with the offset of `segment`.
    private func range(of segment: ZoneRules.Segment, in zone: ZoneRules) -> Range<Int64> {
        var lower = segment.start + segment.offset
        var upper = segment.end + segment.offset
        if dst.fold == .first, let before = zone.before(segment) {
            lower = max(lower, segment.start + before.offset)
        }
        if segment.end < ZoneRules.Segment.distantFuture {
            let after = zone.segment(at: segment.end).offset
            if dst.gap == .offsetBefore { upper = max(upper, segment.end + after) }
            if dst.fold == .last { upper = min(upper, segment.end + after) }
        }
        return lower..<max(lower, upper)
    }
}

extension ZoneRules {
    /// The segment before `segment`, nil if it is the first.
    fileprivate func before(_ segment: Segment) -> Segment? {
        segment.start > Segment.distantPast ? self.segment(at: segment.start - 1) : nil
    }
}
