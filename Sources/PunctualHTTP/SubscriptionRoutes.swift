// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
package import PunctualCore

/// What a sidecar brings events for.
package struct SidecarSubscription: Sendable {
    /// The name of the pub/sub component.
    package let pubsub: String
    /// Who handles them.
    package let handlers: [any EventHandler]
    /// Which shard a user is in.
    package let shards: ShardMap

    /// Creates a subscription from its parts.
    package init(pubsub: String, handlers: [any EventHandler], shards: ShardMap) {
        (self.pubsub, self.handlers, self.shards) = (pubsub, handlers, shards)
    }

    fileprivate var topics: [Topic] {
        Topic.allCases.filter { topic in handlers.contains { $0.topics.contains(topic) } }
    }
}

extension RouteTable {
    /// Bytes of one delivery at most, as Kafka's own limit and some for the envelope.
    private static let maximumDelivery = 2 << 20

    /// Adds what the sidecar asks once, when it starts, and where it brings events.
    mutating func addSubscription(
        _ subscription: SidecarSubscription?,
        _ services: SidecarServices
    ) {
        sidecar(.get, "/dapr/subscribe", services) { _ in
            Response(json: { $0.write(subscription) })
        }
        // A declared subscription may bring what no role of this process listens to. That is done
        // with at once: 404 would have each such event put with the dead letters.
        sidecar(.post, "/events/{topic}", services) { call in
            let name = call.context.parameters.get("topic") ?? ""
            let handlers = subscription?.handlers.filter { handler in
                handler.topics.contains { $0.rawValue == name }
            }
            guard let subscription, let handlers, Topic(rawValue: name)?.isPublished == true else {
                throw Problem(.notFound, "Nothing here listens to the topic \(quoted(name)).")
            }
            let bytes = try await call.body(
                limit: Self.maximumDelivery,
                accepts: [CloudEvent.mediaType, "application/json"]
            )
            let verdict = await subscription.handle(bytes, by: handlers)
            return Response(json: { $0.object { $0.member("status", verdict.rawValue) } })
        }
    }
}

extension Topic {
    fileprivate var isPublished: Bool { self != .engine }
}

/// What the sidecar is to do with an event.
private enum Verdict: String {
    case success = "SUCCESS"
    /// Bring it again.
    case retry = "RETRY"
    /// It can never be handled: put it with the dead letters.
    case drop = "DROP"
}

extension SidecarSubscription {
    /// Gives an event to all who want it; each is idempotent, so that a repeat does no harm.
    fileprivate func handle(_ bytes: [UInt8], by handlers: [any EventHandler]) async -> Verdict {
        guard let event = try? CloudEvent.read(bytes, shards: shards) else { return .drop }
        var verdict = Verdict.success
        for handler in handlers {
            do {
                try await handler.handle([event])
            } catch is PoisonEvent {
                if verdict == .success { verdict = .drop }
            } catch {
                verdict = .retry
            }
        }
        return verdict
    }
}

extension JSONWriter {
    /// Writes what `GET /dapr/subscribe` answers.
    fileprivate mutating func write(_ subscription: SidecarSubscription?) {
        array { writer in
            guard let subscription else { return }
            for topic in subscription.topics {
                writer.object { writer in
                    writer.member("pubsubname", subscription.pubsub)
                    writer.member("topic", topic.rawValue)
                    writer.member("deadLetterTopic", "reminders-dlq")
                    writer.name("routes")
                    writer.object { $0.member("default", "/events/\(topic.rawValue)") }
                }
            }
        }
    }
}
