// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
package import Logging
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import PunctualCore
internal import Synchronization

/// What the sidecar answered.
struct DaprAnswer: Sendable {
    let status: Int
    /// The `ETag` of a state, as Dapr writes it.
    let etag: String?
    let body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The start of the body as text, for messages; a wrong token is answered in plain text.
    var excerpt: String { String(decoding: body.prefix(300), as: UTF8.self) }
}

/// A sidecar: whatever is asked of it goes through here, and is measured here.
///
/// `punctual_dapr_away` is 1 while it does not answer or cannot do its work, whether or not there
/// is anything to ask. `punctual_dapr_request_seconds` and `punctual_dapr_failures_total` have the
/// dimension `api`: `health`, `publish`, `state`, `secrets` or `invoke`.
package final class DaprSidecar: Sendable {
    /// The parts of Dapr's API that are used, as metrics name them.
    enum API: String, CaseIterable {
        case health, publish, state, secrets, invoke
    }
    /// How long one request may take.
    static let timeout = TimeAmount.seconds(10)
    /// How long the answer to a question after its health may take.
    private static let healthTimeout = TimeAmount.seconds(2)
    /// Bytes of an answer at most: a conversation fills a request of 1 MiB, and a store may write
    /// one byte as six, such as `<` as `\u003c`.
    private static let maximumAnswer = 8 << 20

    /// Where it is, and what it is asked for.
    package let settings: DaprSettings
    private let logger: Logger
    private let troubles = Mutex<[API: String]>([:])
    private let awayGauge = Gauge(label: "punctual_dapr_away")
    private let timers: [API: Metrics.Timer]
    private let failures: [API: Counter]

    /// Names a sidecar; nothing is sent yet.
    package init(_ settings: DaprSettings, logger: Logger) {
        (self.settings, self.logger) = (settings, logger)
        func each<Metric>(_ make: (String, [(String, String)]) -> Metric, _ label: String)
            -> [API: Metric]
        {
            Dictionary(
                uniqueKeysWithValues: API.allCases.map { ($0, make(label, [("api", $0.rawValue)])) }
            )
        }
        timers = each({ Metrics.Timer(label: $0, dimensions: $1) }, "punctual_dapr_request_seconds")
        failures = each({ Counter(label: $0, dimensions: $1) }, "punctual_dapr_failures_total")
        awayGauge.record(0)
    }

    /// Why it cannot be used just now; nil when all is well.
    package var problem: String? {
        let troubles = troubles.withLock { $0 }
        return API.allCases.lazy.compactMap { troubles[$0] }.first
    }

    /// Asks whether it can be used, and remembers the answer; to be done every few seconds.
    ///
    /// `/v1.0/healthz` would wait for the application, which may wait for this.
    package func check() async {
        do {
            let answer = try await send(
                .GET,
                "/v1.0/healthz/outbound",
                api: .health,
                timeout: Self.healthTimeout
            )
            note(
                answer.isSuccess
                    ? nil : "the Dapr sidecar answers \(answer.status) when asked how it is",
                with: .health
            )
        } catch {
            note("the Dapr sidecar does not answer within 2 s: \(error)", with: .health)
        }
    }

    /// Sends a request; any status is an answer.
    ///
    /// - Throws: when there was no answer.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        api: API,
        headers: [(String, String)] = [],
        body: String? = nil,
        timeout: TimeAmount = timeout
    ) async throws -> DaprAnswer {
        var request = HTTPClientRequest(url: settings.endpoint + path)
        request.method = method
        if let token = settings.token { request.headers.add(name: "dapr-api-token", value: token) }
        if let trace = TraceContext.told { request.headers.add(name: "traceparent", value: trace) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let start = ContinuousClock.now
        defer { timers[api]?.record(duration: ContinuousClock.now - start) }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: timeout)
            let content = try await response.body.collect(upTo: Self.maximumAnswer)
            let answer = DaprAnswer(
                status: Int(response.status.code),
                etag: response.headers.first(name: "etag"),
                body: Array(content.readableBytesView)
            )
            if answer.status >= 500 { failures[api]?.increment() }
            return answer
        } catch {
            failures[api]?.increment()
            throw error
        }
    }

    /// Remembers what is wrong with a part of the API, or that nothing is any more.
    func note(_ problem: String?, with api: API) {
        let (was, isAway) = troubles.withLock { troubles in
            let was = troubles[api]
            troubles[api] = problem
            return (was, !troubles.isEmpty)
        }
        awayGauge.record(isAway ? 1 : 0)
        guard (was == nil) != (problem == nil) else { return }
        let metadata: Logger.Metadata = ["dapr.api": "\(api)"]
        if let problem {
            logger.warning(
                "the Dapr sidecar fails",
                metadata: metadata.merging(["dapr.error": "\(problem)"]) { $1 }
            )
        } else {
            logger.notice("the Dapr sidecar works again", metadata: metadata)
        }
    }

    /// What is wrong with a part of the API.
    func problem(with api: API) -> String? { troubles.withLock { $0[api] } }
}
