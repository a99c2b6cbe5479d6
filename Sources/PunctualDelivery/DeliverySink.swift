// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// Why an attempt to deliver did not succeed, in words for the person who looks at it later.
package struct DeliveryFailure: Error, Sendable, Hashable {
    /// What went wrong; no secret, no control characters, at most some hundred characters.
    package let reason: String
    /// Whether another attempt would fail in the same way.
    package let isPermanent: Bool
    /// How long the target asked us to wait.
    package let retryAfter: Duration?

    /// Creates a failure from its parts.
    package init(_ reason: String, isPermanent: Bool = false, retryAfter: Duration? = nil) {
        (self.reason, self.isPermanent, self.retryAfter) = (reason, isPermanent, retryAfter)
    }
}

/// A way out of Punctual, such as webhooks.
package protocol DeliverySink: Sendable {
    /// Makes one attempt, in bounded time, with the bare event as JSON.
    func deliver(_ delivery: Delivery, json: String) async throws(DeliveryFailure)
    /// Lets go of connections; nothing is delivered afterwards.
    func close() async
}

/// A sink and how it is used.
package struct DeliveryChannel: Sendable {
    /// The name of the channel in `deliveries`.
    package var name: String
    /// The way out.
    package var sink: any DeliverySink
    /// The most attempts at once.
    package var concurrency: Int
    /// The most attempts at once to one target, so that a slow one leaves room for the others.
    package var concurrencyPerTarget: Int
    /// When to try again.
    package var retry: RetryPolicy
    /// Whether a target gets its deliveries one at a time, in the order of their events: one that
    /// fails holds up those after it.
    package var isInOrder = false

    /// Creates a channel from its parts.
    package init(
        name: String,
        sink: any DeliverySink,
        concurrency: Int = 32,
        concurrencyPerTarget: Int = 4,
        retry: RetryPolicy = RetryPolicy()
    ) {
        (self.name, self.sink, self.retry) = (name, sink, retry)
        (self.concurrency, self.concurrencyPerTarget) = (concurrency, concurrencyPerTarget)
    }
}
