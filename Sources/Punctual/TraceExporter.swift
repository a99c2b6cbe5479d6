// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import FoundationEssentials
internal import Logging
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import PunctualCore
internal import PunctualLoop
internal import ServiceLifecycle
internal import Synchronization

/// Sends the spans of requests and of consumers to a collector, by OTLP over HTTP in JSON.
///
/// Spans are for those who look into something: when the collector is away or too slow they are
/// dropped and counted in `punctual_spans_dropped_total`, and no request waits for them.
final class TraceExporter: Service {
    /// Spans that wait at most; further ones are dropped.
    private static let capacity = 4_096
    private static let interval = Duration.seconds(2)
    private static let timeout = TimeAmount.seconds(5)

    private let url: String
    private let loop: LoopExecutor
    private let logger: Logger
    private let waiting = Mutex<[TraceSpan]>([])
    private let dropped = Counter(label: "punctual_spans_dropped_total")

    /// Makes an exporter if `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector.
    ///
    /// - Throws: ``CommandError`` when it is no URL.
    init?(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        loop: LoopExecutor,
        logger: Logger
    ) throws {
        guard let endpoint = environment["OTEL_EXPORTER_OTLP_ENDPOINT"], !endpoint.isEmpty else {
            return nil
        }
        guard endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://") else {
            throw CommandError(
                .configuration,
                "OTEL_EXPORTER_OTLP_ENDPOINT is \"\(endpoint)\": an http or https URL, "
                    + "such as http://localhost:4318"
            )
        }
        url = (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + "/v1/traces"
        (self.loop, self.logger) = (loop, logger)
    }

    /// Takes a span, to be sent soon.
    func record(_ span: TraceSpan) {
        let hasRoom = waiting.withLock { spans in
            guard spans.count < Self.capacity else { return false }
            spans.append(span)
            return true
        }
        if !hasRoom { dropped.increment() }
    }

    func run() async throws {
        try await Periodically(first: Self.interval, interval: Self.interval, loop: loop) {
            await self.send()
        }.run()
        await send()
    }

    private func send() async {
        let spans = waiting.withLock { spans in
            defer { spans.removeAll(keepingCapacity: true) }
            return spans
        }
        guard !spans.isEmpty else { return }
        do {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: Self.body(spans)))
            let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
            guard !(200..<300).contains(response.status.code) else { return }
            refused(spans.count, "\(response.status)")
        } catch {
            refused(spans.count, "\(error)")
        }
    }

    private func refused(_ count: Int, _ reason: String) {
        dropped.increment(by: count)
        logger.warning(
            "the collector took no traces",
            metadata: ["url": "\(url)", "spans": "\(count)", "error": "\(reason)"]
        )
    }

    /// An `ExportTraceServiceRequest` in OTLP's JSON.
    private static func body(_ spans: [TraceSpan]) -> [UInt8] {
        var writer = JSONWriter()
        writer.nested("resourceSpans") { writer in
            writer.name("resource")
            writer.object { writer in
                writer.name("attributes")
                writer.array { writer in
                    writer.attribute("service.name", "punctual")
                    writer.attribute("service.version", PunctualCommand.version)
                }
            }
            writer.name("scopeSpans")
            writer.array { writer in
                writer.object { writer in
                    writer.name("scope")
                    writer.object { $0.member("name", "punctual") }
                    writer.name("spans")
                    writer.array { writer in for span in spans { writer.span(span) } }
                }
            }
        }
        return writer.utf8
    }
}

extension JSONWriter {
    /// Writes an object with one member, an array of one object.
    fileprivate mutating func nested(_ name: String, _ body: (inout JSONWriter) -> Void) {
        object { writer in
            writer.name(name)
            writer.array { $0.object(body) }
        }
    }

    fileprivate mutating func attribute(
        _ key: String,
        _ value: String,
        _ type: String = "stringValue"
    ) {
        object { writer in
            writer.member("key", key)
            writer.name("value")
            writer.object { $0.member(type, value) }
        }
    }

    /// Writes a span; OTLP's JSON has 64-bit integers as strings.
    fileprivate mutating func span(_ span: TraceSpan) {
        object { writer in
            writer.member("traceId", span.trace.traceID)
            writer.member("spanId", span.trace.spanID)
            if let parent = span.trace.parentID { writer.member("parentSpanId", parent) }
            writer.member("name", span.name)
            writer.member("kind", span.kind.rawValue)
            writer.member("startTimeUnixNano", "\(span.start)")
            writer.member("endTimeUnixNano", "\(span.end)")
            writer.name("attributes")
            writer.array { writer in
                for (key, value) in span.attributes {
                    switch value {
                    case .text(let text): writer.attribute(key, text)
                    case .integer(let number): writer.attribute(key, "\(number)", "intValue")
                    }
                }
            }
            writer.name("status")
            writer.object { if span.hasFailed { $0.member("code", 2) } }
        }
    }
}
