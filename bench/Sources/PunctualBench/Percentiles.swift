// SPDX-License-Identifier: Apache-2.0

/// The order statistics of a sample, in milliseconds: the smallest value that is not exceeded by
/// the given part of the sample.
struct Percentiles {
    let p50, p99, p999, max, min: Double

    init(nanoseconds sample: [Int64]) {
        let sorted = sample.sorted()
        func value(_ part: Double) -> Double {
            guard let last = sorted.indices.last else { return 0 }
            let rank = Int((part * Double(sorted.count)).rounded(.up)) - 1
            return Double(sorted[Swift.min(Swift.max(rank, 0), last)]) / 1e6
        }
        (p50, p99, p999, max, min) = (value(0.5), value(0.99), value(0.999), value(1), value(0))
    }

    var json: JSON {
        .object([
            ("p50", .number(p50)), ("p99", .number(p99)), ("p999", .number(p999)),
            ("max", .number(max)),
        ])
    }
}
