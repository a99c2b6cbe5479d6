// SPDX-License-Identifier: Apache-2.0

extension RecurrenceSet {
    /// The occurrences from the nominal time `start` on, ascending by nominal time, lazily.
    public func occurrences(from start: CivilDateTime = .min) -> Occurrences {
        Occurrences(set: self, time: start.secondsSinceEpoch)
    }

    /// The first occurrence whose nominal time is after `local`.
    public func next(afterLocal local: CivilDateTime) -> Occurrence? {
        var occurrences = Occurrences(set: self, time: local.secondsSinceEpoch + 1)
        return occurrences.next()
    }

    /// A lazy sequence of occurrences, ascending by nominal time.
    ///
    /// Their instants may coincide or step back where clocks spring forward.
    public struct Occurrences: Sequence, IteratorProtocol, Sendable {
        private let set: RecurrenceSet
        private var time: Int64
        /// The second occurrence of a nominal time inside a fold, when the policy wants both.
        private var second: Occurrence?
        /// A segment of the zone that recent times fell in.
        private var segment = ZoneRules.Segment(start: .max, end: .min, offset: 0)

        fileprivate init(set: RecurrenceSet, time: Int64) {
            self.set = set
            self.time = time
        }

        /// The next occurrence.
        public mutating func next() -> Occurrence? {
            if let second {
                self.second = nil
                return second
            }
            while let nominal = set.nominal(from: time) {
                time = nominal + 1
                guard let zone = set.zone else {
                    return Occurrence(nominal, instant: nil, resolution: nil)
                }
                // Far enough from both ends of a segment a local time is unique.
                if nominal - ZoneRules.maximumOffset >= segment.start,
                    nominal + ZoneRules.maximumOffset < segment.end
                {
                    return Occurrence(
                        nominal,
                        instant: nominal - segment.offset,
                        resolution: .unique
                    )
                }
                let reading = zone.reading(of: nominal)
                segment = reading.after
                if let found = occurrence(at: nominal, reading) { return found }
            }
            return nil
        }

        private mutating func occurrence(
            at nominal: Int64,
            _ reading: ZoneRules.Reading
        ) -> Occurrence? {
            let early = nominal - reading.before.offset
            let late = nominal - reading.after.offset
            switch (reading.kind, set.dst.gap, set.dst.fold) {
            case (.gap, .skip, _):
                return nil
            case (.gap, .nextValid, _):
                return Occurrence(nominal, instant: reading.after.start, resolution: .gap)
            case (.fold, _, .last):
                return Occurrence(nominal, instant: late, resolution: .fold)
            case (.fold, _, .both):
                second = Occurrence(nominal, instant: late, resolution: .fold)
                return Occurrence(nominal, instant: early, resolution: .fold)
            default:
                return Occurrence(nominal, instant: early, resolution: reading.kind)
            }
        }
    }
}

extension Occurrence {
    /// An occurrence from seconds since the epoch.
    init(_ nominal: Int64, instant: Int64?, resolution: LocalTimeResolution.Kind?) {
        self.init(
            nominal: CivilDateTime(secondsSinceEpoch: nominal),
            instant: instant.map { WallInstant(secondsSinceEpoch: $0) },
            resolution: resolution
        )
    }
}
