// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import PunctualCore
internal import PunctualTime

/// Posts to targets whose address was checked, in bounded time.
///
/// Redirects are not followed, because their target was not checked.
struct GuardedPoster: Sendable {
    /// What a target answered.
    struct Answer: Sendable {
        /// The HTTP status.
        let status: Int
        /// The beginning of what came with a refusal; may be empty.
        let excerpt: String
        /// How long the target asked us to wait.
        let retryAfter: Duration?

        /// What the refusal means; nil when it is none.
        var failure: DeliveryFailure? {
            if (200..<300).contains(status) { return nil }
            return DeliveryFailure(
                "HTTP \(status)" + (excerpt.isEmpty ? "" : ": \(excerpt)"),
                isPermanent: GuardedPoster.isPermanent(status),
                retryAfter: retryAfter
            )
        }
    }

    /// The most that an attempt takes, from the look-up of the host to the answer's status.
    static let timeout = TimeAmount.seconds(15)
    /// The most that is spent on reading the rest of the answer.
    private static let answerTimeout = TimeAmount.seconds(5)
    /// The most that is read of an answer, in bytes.
    private static let maximumAnswer = 64 << 10
    /// The most of an answer that is kept in an error, in characters.
    private static let maximumExcerpt = 200

    private let targetGuard: TargetGuard
    private let clock: WallClock
    private let resolver: any HostResolver
    private let eventLoops: any EventLoopGroup
    private let clients: PinnedClients
    private let timeout: TimeAmount

    /// Creates a poster on NIO's shared threads.
    init(
        _ targetGuard: TargetGuard,
        clock: @escaping WallClock,
        resolver: any HostResolver = SystemResolver(),
        timeout: TimeAmount = Self.timeout
    ) {
        (self.targetGuard, self.clock, self.resolver) = (targetGuard, clock, resolver)
        eventLoops = MultiThreadedEventLoopGroup.singleton
        self.timeout = timeout
        clients = PinnedClients(
            eventLoops: eventLoops,
            timeout: timeout,
            authorities: targetGuard.authorities
        )
    }

    /// Posts a body and waits for the answer; `attempt` chooses among a host's addresses.
    func post(
        _ body: [UInt8],
        headers: HTTPHeaders,
        to url: WebhookURL,
        attempt: Int
    ) async throws(DeliveryFailure) -> Answer {
        do {
            let response = try await within(timeout) {
                try await send(body, headers: headers, to: url, attempt: attempt)
            }
            return Answer(
                status: Int(response.status.code),
                // It is read to its end even when it is not wanted: else the connection would be
                // lost.
                excerpt: await excerpt(of: response),
                retryAfter: response.headers.first(name: "retry-after").flatMap {
                    RetryAfter.delay($0, now: clock())
                }
            )
        } catch let failure as DeliveryFailure {
            throw failure
        } catch {
            throw DeliveryFailure(Self.reason(of: error))
        }
    }

    /// Closes all connections.
    func close() async { await clients.close() }

    private func send(
        _ body: [UInt8],
        headers: HTTPHeaders,
        to url: WebhookURL,
        attempt: Int
    ) async throws -> HTTPClientResponse {
        let found = try await resolver.addresses(of: url.host, port: url.port)
        let permitted = try targetGuard.permitted(found, of: url.host)
        let client = try await clients.client(
            of: url.host,
            permitted: permitted,
            preferred: attempt
        )
        var request = HTTPClientRequest(url: url.text)
        (request.method, request.headers) = (.POST, headers)
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            return try await client.execute(request, timeout: timeout)
        } catch let error as NIOConnectionError {
            await clients.forget(client, of: url.host)
            throw error
        }
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

extension GuardedPoster {
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
