// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Synchronization

/// What is measured of requests: `punctual_http_requests_total` and
/// `punctual_http_request_seconds`, by the template of the route, never by an identifier.
final class HTTPMetrics: Sendable {
    private struct Key: Hashable {
        let route: String
        let method: String
        let statusClass: Int
    }
    private typealias Series = (count: PrometheusCounter, seconds: PrometheusHistogram)

    private let registry: PrometheusRegistry
    private let series = Mutex<[Key: Series]>([:])

    init(registry: PrometheusRegistry) { self.registry = registry }

    /// How many streams of updates are open: `punctual_http_streams`.
    static func openStreams(_ registry: PrometheusRegistry) -> PrometheusGauge {
        registry.gauge("punctual_http_streams")
    }

    /// Counts one request.
    func record(
        route: String,
        method: HTTPRequest.Method,
        status: HTTPResponse.Status,
        elapsed: Duration
    ) {
        let isKnown = RouteTable.methods.contains(method)
        let key = Key(
            route: route,
            method: isKnown ? method.rawValue : "other",
            statusClass: status.code / 100
        )
        let series = series.withLock { series in
            if let known = series[key] { return known }
            let made = make(key)
            series[key] = made
            return made
        }
        series.count.increment(by: 1)
        series.seconds.record(elapsed / .seconds(1))
    }

    private func make(_ key: Key) -> Series {
        let dimensions = [
            ("route", key.route), ("method", key.method), ("status", "\(key.statusClass)xx"),
        ]
        return (
            registry.counter("punctual_http_requests_total", dimensions),
            registry.histogram("punctual_http_request_seconds", dimensions)
        )
    }
}
