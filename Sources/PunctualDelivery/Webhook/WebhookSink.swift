// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
package import PunctualCore
internal import PunctualTime

/// Posts events to the configured URL, signed by the Standard Webhooks specification.
///
/// The body is the bare event.
package struct WebhookSink: DeliverySink {
    private let configuration: WebhookConfiguration
    private let clock: WallClock
    private let poster: GuardedPoster

    /// Creates a sink on NIO's shared threads.
    package init(_ configuration: WebhookConfiguration, clock: @escaping WallClock) {
        self.init(
            configuration,
            clock: clock,
            resolver: SystemResolver(),
            timeout: GuardedPoster.timeout
        )
    }

    init(
        _ configuration: WebhookConfiguration,
        clock: @escaping WallClock,
        resolver: any HostResolver,
        timeout: TimeAmount
    ) {
        (self.configuration, self.clock) = (configuration, clock)
        poster = GuardedPoster(
            configuration.targetGuard,
            clock: clock,
            resolver: resolver,
            timeout: timeout
        )
    }

    package func deliver(_ delivery: Delivery, json: String) async throws(DeliveryFailure) {
        guard delivery.key.target == configuration.url.text else {
            throw DeliveryFailure("the target is no longer configured", isPermanent: true)
        }
        let answer = try await poster.post(
            Array(json.utf8),
            headers: headers(delivery, json: json),
            to: configuration.url,
            attempt: delivery.attempts
        )
        if let failure = answer.failure { throw failure }
    }

    package func close() async { await poster.close() }

    private func headers(_ delivery: Delivery, json: String) -> HTTPHeaders {
        let id = delivery.key.eventID.description
        let seconds = clock().secondsSinceEpoch
        var headers: HTTPHeaders = [
            "content-type": "application/json",
            "user-agent": "Punctual",
            "webhook-id": id,
            "webhook-timestamp": "\(seconds)",
        ]
        if let signature = configuration.signature {
            headers.add(
                name: "webhook-signature",
                value: signature.sign(id: id, timestamp: seconds, body: json)
            )
        }
        return headers
    }
}
