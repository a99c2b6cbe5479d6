// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import PunctualCore
internal import PunctualTime

/// Posts events to the configured URL, signed by the Standard Webhooks specification.
///
/// The body is the bare event. Redirects are not followed, because their target was not checked.
package struct WebhookSink: DeliverySink {
    /// The most that an attempt takes, from the look-up of the host to the answer's status.
    static let timeout = TimeAmount.seconds(15)
    /// The most that is spent on reading the rest of the answer.
    static let answerTimeout = TimeAmount.seconds(5)
    /// The most that is read of an answer, in bytes.
    static let maximumAnswer = 64 << 10
    /// The most of an answer that is kept in an error, in characters.
    static let maximumExcerpt = 200

    private let configuration: WebhookConfiguration
    private let clock: WallClock
    private let resolver: any HostResolver
    private let eventLoops: any EventLoopGroup
    private let clients: PinnedClients
    private let timeout: TimeAmount

    /// Creates a sink on NIO's shared threads.
    package init(_ configuration: WebhookConfiguration, clock: @escaping WallClock) {
        self.init(configuration, clock: clock, resolver: SystemResolver(), timeout: Self.timeout)
    }

    init(
        _ configuration: WebhookConfiguration,
        clock: @escaping WallClock,
        resolver: any HostResolver,
        timeout: TimeAmount
    ) {
        (self.configuration, self.clock, self.resolver) = (configuration, clock, resolver)
        eventLoops = MultiThreadedEventLoopGroup.singleton
        self.timeout = timeout
        clients = PinnedClients(eventLoops: eventLoops, timeout: timeout)
    }

    package func deliver(_ delivery: Delivery, json: String) async throws(DeliveryFailure) {
        guard delivery.key.target == configuration.url.text else {
            throw DeliveryFailure("the target is no longer configured", isPermanent: true)
        }
        do {
            try await post(delivery, json: json)
        } catch let failure as DeliveryFailure {
            throw failure
        } catch {
            throw DeliveryFailure(Self.reason(of: error))
        }
    }

    package func close() async { await clients.close() }

    private func post(_ delivery: Delivery, json: String) async throws {
        let response = try await within(timeout) { try await send(delivery, json: json) }
        let status = Int(response.status.code)
        // It is read to its end even when it is not wanted: else the connection would be lost.
        let excerpt = await excerpt(of: response)
        if (200..<300).contains(status) { return }
        throw DeliveryFailure(
            "HTTP \(status)" + (excerpt.isEmpty ? "" : ": \(excerpt)"),
            isPermanent: Self.isPermanent(status),
            retryAfter: response.headers.first(name: "retry-after").flatMap {
                RetryAfter.delay($0, now: clock())
            }
        )
    }

    private func send(_ delivery: Delivery, json: String) async throws -> HTTPClientResponse {
        let url = configuration.url
        let found = try await resolver.addresses(of: url.host, port: url.port)
        let permitted = try configuration.targetGuard.permitted(found, of: url.host)
        let client = try await clients.client(
            of: url.host,
            permitted: permitted,
            preferred: delivery.attempts
        )
        do {
            return try await client.execute(request(delivery, json: json), timeout: timeout)
        } catch let error as NIOConnectionError {
            await clients.forget(client, of: url.host)
            throw error
        }
    }

    private func request(_ delivery: Delivery, json: String) -> HTTPClientRequest {
        let id = delivery.key.eventID.description
        let seconds = clock().secondsSinceEpoch
        var request = HTTPClientRequest(url: configuration.url.text)
        request.method = .POST
        request.headers = [
            "content-type": "application/json",
            "user-agent": "Punctual",
            "webhook-id": id,
            "webhook-timestamp": "\(seconds)",
        ]
        if let signature = configuration.signature {
            request.headers.add(
                name: "webhook-signature",
                value: signature.sign(id: id, timestamp: seconds, body: json)
            )
        }
        request.body = .bytes(ByteBuffer(string: json))
        return request
    }

    /// Whether the same request would be refused again: the client errors, but for timeouts
    /// (408), conflicts (409), early data (425) and rate limits (429).
    static func isPermanent(_ status: Int) -> Bool {
        (400..<500).contains(status) && ![408, 409, 425, 429].contains(status)
    }

    /// The beginning of an answer, fit for a log and for PostgreSQL, which refuses U+0000.
    private func excerpt(of response: HTTPClientResponse) async -> String {
        // One that is too long, too slow or breaks off is left out; the status says enough.
        let body = try? await within(Self.answerTimeout) {
            try await response.body.collect(upTo: Self.maximumAnswer)
        }
        guard let body else { return "" }
        let scalars = String(buffer: body).unicodeScalars
            .filter { $0.value >= 0x20 && $0.value != 0x7f }.prefix(Self.maximumExcerpt)
        return String(String.UnicodeScalarView(scalars))
    }

    private static func reason(of error: any Error) -> String {
        switch error {
        case is SocketAddressError.UnknownHost: "the target's host name cannot be resolved"
        case is TimeoutError: "the target did not answer in time"
        case let error as HTTPClientError where error == .connectTimeout:
            "connecting took longer than 5 s"
        case let error as HTTPClientError: "the request failed: \(error.shortDescription)"
        default: "the connection failed: \(String(describing: error).prefix(maximumExcerpt))"
        }
    }
}

/// What was not done in time.
private struct TimeoutError: Error {}

extension WebhookSink {
    /// Performs `body`, and cancels it after `limit`.
    private func within<Result: Sendable>(
        _ limit: TimeAmount,
        _ body: @escaping @concurrent @Sendable () async throws -> Result
    ) async throws -> Result {
        let alarm = eventLoops.any().scheduleTask(in: limit) {}
        return try await withThrowingTaskGroup(of: Result.self) { group in
            defer { group.cancelAll() }
            group.addTask(operation: body)
            group.addTask {
                try await withTaskCancellationHandler {
                    try await alarm.futureResult.get()
                } onCancel: {
                    alarm.cancel()
                }
                throw TimeoutError()
            }
            guard let result = try await group.next() else { throw TimeoutError() }
            return result
        }
    }
}
