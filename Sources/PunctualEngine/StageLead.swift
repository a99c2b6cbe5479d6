// SPDX-License-Identifier: Apache-2.0

/// How long before due a reminder is staged: four times the 99th percentile of staging.
///
/// The percentile is that of the last 128 stages, so that one slow commit is not forgotten at
/// once and a slow hour not for ever.
struct StageLead {
    private let bounds: ClosedRange<Duration>
    private var recent: [Duration] = []
    private var position = 0

    /// The lead now.
    private(set) var value: Duration

    /// A lead within `bounds`, at first its lower one.
    init(bounds: ClosedRange<Duration>) {
        self.bounds = bounds
        value = bounds.lowerBound
    }

    /// Learns how long one stage took.
    mutating func record(_ duration: Duration) {
        if recent.count < 128 { recent.append(duration) } else { recent[position] = duration }
        position = (position + 1) % 128
        let percentile = recent.sorted()[recent.count * 99 / 100]
        value = min(max(percentile * 4, bounds.lowerBound), bounds.upperBound)
    }
}
