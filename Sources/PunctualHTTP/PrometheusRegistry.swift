// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
internal import Synchronization

/// Where swift-metrics puts what the process measures, and what `/metrics` reads.
///
/// A metric is known by its name and dimensions; asking twice for the same one gives the same
/// handler. Timers and aggregating recorders become histograms, other recorders gauges.
package final class PrometheusRegistry: MetricsFactory {
    /// How many combinations of dimensions one name may have; further ones are not shown.
    package static let maximumSeries = 1_000
    /// How many names there may be; further ones are not shown.
    package static let maximumFamilies = 1_000

    private let families = Mutex<[String: PrometheusFamily]>([:])

    /// Creates an empty registry.
    package init() {}

    /// Everything measured, in the text exposition format of Prometheus, version 0.0.4.
    package var exposition: String {
        families.withLock { families in
            families.sorted { $0.key < $1.key }.map { $1.exposition(name: $0) }.joined()
        }
    }

    /// A counter: the one of these dimensions.
    package func makeCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// A gauge: the one of these dimensions.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A histogram when it aggregates, and otherwise a gauge.
    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    /// A histogram of seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    /// The counter of a name and dimensions.
    func counter(_ label: String, _ dimensions: [(String, String)] = []) -> PrometheusCounter {
        series(label, dimensions) { PrometheusCounter() }
    }

    /// The gauge of a name and dimensions.
    func gauge(_ label: String, _ dimensions: [(String, String)] = []) -> PrometheusGauge {
        series(label, dimensions) { PrometheusGauge() }
    }

    /// The histogram of a name and dimensions; its buckets follow from its name.
    func histogram(_ label: String, _ dimensions: [(String, String)] = []) -> PrometheusHistogram {
        series(label, dimensions) { PrometheusHistogram(bounds: .forMetric(label)) }
    }

    /// Shows a counter no more.
    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// Shows a gauge no more.
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Shows a histogram or gauge no more.
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Shows a histogram no more.
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// The series of a name and dimensions, made when it is new.
    ///
    /// One that would pass a bound, or whose name has another type already, works and is not shown.
    private func series<Series: PrometheusSeries>(
        _ label: String,
        _ dimensions: [(String, String)],
        _ make: () -> Series
    ) -> Series {
        let name = Self.sanitized(label)
        let labels = dimensions.sorted { $0.0 < $1.0 }
            .map { "\(Self.sanitized($0))=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        return families.withLock { families in
            if let known = families[name]?.series[labels] { return known as? Series ?? make() }
            let made = make()
            let count = families[name]?.series.count ?? 0
            guard count < Self.maximumSeries,
                count > 0 || families.count < Self.maximumFamilies,
                families[name, default: PrometheusFamily(type: Series.type)].type == Series.type
            else { return made }
            families[name, default: PrometheusFamily(type: Series.type)].series[labels] = made
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            families = families.compactMapValues { family in
                var family = family
                family.series = family.series.filter { $1 as AnyObject !== handler }
                return family.series.isEmpty ? nil : family
            }
        }
    }

    /// A name of letters, digits and underscores that begins with no digit.
    private static func sanitized(_ name: String) -> String {
        let name = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return (name.first?.isNumber == true ? "_" : "") + String(name)
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n",
            with: "\\n"
        )
    }
}

/// All series of one name.
struct PrometheusFamily: Sendable {
    /// `counter`, `gauge` or `histogram`.
    let type: String
    /// By labels, written as Prometheus does, without braces.
    var series: [String: any PrometheusSeries] = [:]

    func exposition(name: String) -> String {
        let lines = series.sorted { $0.key < $1.key }.map { $1.exposition(name: name, labels: $0) }
        return "# TYPE \(name) \(type)\n" + lines.joined()
    }
}

/// One measured thing.
protocol PrometheusSeries: AnyObject, Sendable {
    /// What Prometheus calls it.
    static var type: String { get }
    /// Its lines, each with a line feed.
    func exposition(name: String, labels: String) -> String
}
