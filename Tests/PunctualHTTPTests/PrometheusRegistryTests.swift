// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import PunctualHTTP
import Testing

@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry()

    @Test func `writes counters and gauges with their labels`() {
        Counter(label: "jobs_total", dimensions: [("b", "2"), ("a", "x\"\\\n")], factory: registry)
            .increment(by: 3)
        Gauge(label: "lag.ms", factory: registry).record(1.5)
        let meter = Meter(label: "open", factory: registry)
        meter.increment(by: 2)
        meter.decrement(by: 1)
        #expect(
            registry.exposition == """
                # TYPE jobs_total counter
                jobs_total{a="x\\"\\\\\\n",b="2"} 3
                # TYPE lag_ms gauge
                lag_ms 1.5
                # TYPE open gauge
                open 1

                """
        )
    }

    @Test func `writes timers as histograms of seconds`() {
        let timer = Timer(label: "stage_seconds", factory: registry)
        timer.recordMicroseconds(100)
        timer.recordMilliseconds(2)
        timer.recordSeconds(100)
        let lines = registry.exposition.split(separator: "\n")
        #expect(lines.first == "# TYPE stage_seconds histogram")
        #expect(lines.contains("stage_seconds_bucket{le=\"0.0001\"} 1"))
        #expect(lines.contains("stage_seconds_bucket{le=\"0.0025\"} 2"))
        #expect(lines.contains("stage_seconds_bucket{le=\"60\"} 2"))
        #expect(lines.contains("stage_seconds_bucket{le=\"+Inf\"} 3"))
        #expect(lines.contains("stage_seconds_sum 100.0021"))
        #expect(lines.contains("stage_seconds_count 3"))
    }

    @Test func `gives one handler for one metric`() {
        for _ in 0..<3 { Counter(label: "n", factory: registry).increment() }
        #expect(registry.exposition.contains("\nn 3\n"))
        Counter(label: "n", factory: registry).destroy()
        #expect(registry.exposition.isEmpty)
    }

    @Test func `bounds labels and takes no second type for a name`() {
        for index in 0..<PrometheusRegistry.maximumSeries + 10 {
            Counter(label: "n", dimensions: [("i", "\(index)")], factory: registry).increment()
        }
        Gauge(label: "n", factory: registry).record(5)
        let lines = registry.exposition.split(separator: "\n")
        #expect(lines.count == PrometheusRegistry.maximumSeries + 1)
    }
}
