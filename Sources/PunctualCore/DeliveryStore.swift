// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// One event that must reach one target of an external channel.
package struct Delivery: Sendable {
    /// The primary key of the row.
    package struct Key: Sendable, Hashable {
        /// The shard of the user concerned.
        package let shard: Int16
        /// The event.
        package let eventID: EventID
        /// The kind of way out, such as `webhook`.
        package let channel: String
        /// Where it goes within the channel.
        package let target: String

        /// Creates a key from its parts.
        package init(shard: Int16, eventID: EventID, channel: String, target: String) {
            (self.shard, self.eventID) = (shard, eventID)
            (self.channel, self.target) = (channel, target)
        }
    }
    /// The row's primary key.
    package let key: Key
    /// Attempts begun, this one included, from 1; it fences `fail` and `bury`.
    package let attempts: Int
    /// When the event was released.
    package let timestamp: WallInstant
    /// The bare event; nil when `event_log` no longer keeps it.
    package let json: String?

    /// Creates a delivery from its parts.
    package init(key: Key, attempts: Int, timestamp: WallInstant, json: String?) {
        (self.key, self.attempts, self.timestamp, self.json) = (key, attempts, timestamp, json)
    }
}

/// What a worker asks for when it is ready to deliver.
package struct DeliveryClaim: Sendable {
    /// The channel; each is claimed for itself, so that none waits for another.
    package var channel: String
    /// The most deliveries wanted.
    package var limit: Int
    /// The most deliveries to one target, those that are running included.
    package var limitPerTarget: Int
    /// How many deliveries to each target are running already.
    package var running: [String: Int]
    /// After how long somebody else may claim them, if nothing is heard of them.
    package var lease: Duration
    /// Whether each target gets its oldest delivery and no other, whoever claims.
    package var isInOrder = false

    /// Creates a claim from its parts.
    package init(
        channel: String,
        limit: Int,
        limitPerTarget: Int,
        running: [String: Int],
        lease: Duration
    ) {
        (self.channel, self.limit, self.limitPerTarget) = (channel, limit, limitPerTarget)
        (self.running, self.lease) = (running, lease)
    }
}

/// The answer to a claim.
package struct ClaimedDeliveries: Sendable {
    /// The deliveries claimed.
    package var deliveries: [Delivery]
    /// How long it is, by the database's clock, until the next one of the channel that is not due
    /// yet will be; nil when there is none.
    package var nextAttempt: Duration?

    /// Creates an answer from its parts.
    package init(deliveries: [Delivery], nextAttempt: Duration?) {
        (self.deliveries, self.nextAttempt) = (deliveries, nextAttempt)
    }
}

/// How much of one channel waits, and how much was given up.
package struct DeliveryDepth: Sendable, Hashable {
    /// The channel.
    package let channel: String
    /// Deliveries that are to be made.
    package let waiting: Int
    /// Dead letters.
    package let dead: Int

    /// Creates a depth from its parts.
    package init(channel: String, waiting: Int, dead: Int) {
        (self.channel, self.waiting, self.dead) = (channel, waiting, dead)
    }
}

/// Where deliveries to external channels wait.
///
/// Every call is one statement.
package protocol DeliveryStore: Sendable {
    /// Takes deliveries that are due, counts an attempt for each, and lends them for the lease.
    func claim(_ claim: DeliveryClaim) async throws -> ClaimedDeliveries
    /// Forgets a delivery that is done.
    func succeed(_ delivery: Delivery) async throws
    /// Puts a delivery back, to be tried again after `delay`.
    func fail(_ delivery: Delivery, error: String, retryAfter delay: Duration) async throws
    /// Moves a delivery to the dead letters.
    func bury(_ delivery: Delivery, error: String) async throws
    /// How much of each channel there is; no more than `limit` are counted.
    func depths(limit: Int) async throws -> [DeliveryDepth]
}
