// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// Something in this process that takes every event released by it, such as a consumer of a topic.
package protocol EventConsumer: Sendable {
    /// Takes a batch on the releasing thread; it must neither wait nor fail.
    func consume(_ batch: [ReleasedEvent])
}

/// The transport of a single machine: events reach clients and consumers from memory.
package struct LocalTransport: ImmediateTransport {
    private let hub: UpdatesHub
    private let consumers: [any EventConsumer]

    /// Joins the hub of the clients and the consumers of this process.
    package init(hub: UpdatesHub, consumers: [any EventConsumer] = []) {
        (self.hub, self.consumers) = (hub, consumers)
    }

    package func publishNow(_ batch: [ReleasedEvent]) {
        hub.publish(batch)
        for consumer in consumers { consumer.consume(batch) }
    }

    package func acknowledged(_ batch: [ReleasedEvent]) { hub.acknowledged(batch) }
}
