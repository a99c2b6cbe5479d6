// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import Synchronization

/// A number that only grows.
final class PrometheusCounter: PrometheusSeries, CounterHandler {
    static let type = "counter"
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func exposition(name: String, labels: String) -> String {
        line(name, labels, "\(value.load(ordering: .relaxed))")
    }
}

/// A number that goes up and down.
final class PrometheusGauge: PrometheusSeries, MeterHandler, RecorderHandler {
    static let type = "gauge"
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }

    func exposition(name: String, labels: String) -> String {
        line(name, labels, text(value.withLock { $0 }))
    }
}

/// How often values fell under each of some bounds, with their sum.
final class PrometheusHistogram: PrometheusSeries, RecorderHandler, TimerHandler {
    static let type = "histogram"
    private let bounds: [Double]
    private let state: Mutex<(counts: [Int], sum: Double)>

    /// - Parameter bounds: inclusive upper bounds, ascending; one without end is added.
    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex((Array(repeating: 0, count: bounds.count + 1), 0))
    }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func exposition(name: String, labels: String) -> String {
        let (counts, sum) = state.withLock { $0 }
        var total = 0
        var lines = ""
        for (bound, count) in zip(bounds.map(text) + ["+Inf"], counts) {
            total += count
            let separator = labels.isEmpty ? "" : ","
            lines += line("\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", "\(total)")
        }
        return lines + line("\(name)_sum", labels, text(sum))
            + line("\(name)_count", labels, "\(total)")
    }
}

extension [Double] {
    /// The bounds for a metric of this name: times from 100 µs to 60 s, and otherwise amounts.
    static func forMetric(_ name: String) -> [Double] {
        name.hasSuffix("_seconds") || name.contains("lateness") ? seconds : amounts
    }

    private static let seconds = [
        0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
        1, 2.5, 5, 10, 30, 60,
    ]
    private static let amounts = [
        1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000,
    ]
}

private func line(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
}

private func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    let whole = Int64(exactly: value)
    return whole.map { String($0) } ?? "\(value)"
}
