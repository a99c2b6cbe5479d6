// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
package import PunctualCore
internal import PunctualTime

/// Tells browsers of fired reminders by their push services (RFC 8030).
///
/// A subscription that its service no longer knows is forgotten.
package struct PushSink: DeliverySink {
    /// The name of the channel in `deliveries`, whose targets are ids of subscriptions.
    package static let channel = "web_push"
    /// For how long a push service keeps a message for a browser that is away, in seconds.
    static let timeToLive = 86_400
    /// The most of a title that is sent, in characters.
    static let maximumTitle = 300

    private let key: VAPIDKey
    private let contact: String?
    private let store: any PushSubscriptionStore
    private let clock: WallClock
    private let poster: GuardedPoster

    /// Creates a sink; `contact` is the address of whoever runs this server, if it has one.
    package init(
        key: VAPIDKey,
        contact: MailConfiguration?,
        store: any PushSubscriptionStore,
        targetGuard: TargetGuard,
        clock: @escaping WallClock
    ) {
        (self.key, self.store, self.clock) = (key, store, clock)
        self.contact = contact?.sender.address
        poster = GuardedPoster(targetGuard, clock: clock)
    }

    /// What is wrong with a subscription, in words for whoever made it; nil when nothing is.
    package static func fault(in subscription: PushSubscription) -> String? {
        guard let url = try? WebhookURL(subscription.endpoint), url.isSecure else {
            return "is no https URL of a push service"
        }
        let probe = try? PushEncryption.encrypt(
            [],
            publicKey: subscription.publicKey,
            secret: subscription.secret
        )
        guard probe != nil, subscription.secret.count == 16 else {
            return "comes with keys that are not a browser's"
        }
        return nil
    }

    package func deliver(_ delivery: Delivery, json: String) async throws(DeliveryFailure) {
        let shard = delivery.key.shard
        guard let id = Int64(delivery.key.target) else {
            throw DeliveryFailure("the target is no subscription", isPermanent: true)
        }
        do {
            // One that was taken back needs nothing any more.
            guard let subscription = try await store.subscription(id, shard: shard) else { return }
            let url = try WebhookURL(subscription.endpoint)
            let message = try PushEncryption.encrypt(
                Self.message(json),
                publicKey: subscription.publicKey,
                secret: subscription.secret
            )
            let answer = try await poster.post(
                message,
                headers: headers(delivery, to: url),
                to: url,
                attempt: delivery.attempts
            )
            if [404, 410].contains(answer.status) {
                return try await store.remove(id, shard: shard)
            }
            if let failure = answer.failure { throw failure }
        } catch let failure as DeliveryFailure {
            throw failure
        } catch {
            throw DeliveryFailure("it could not be sent: \(String(describing: error).prefix(200))")
        }
    }

    package func close() async { await poster.close() }

    private func headers(_ delivery: Delivery, to url: WebhookURL) throws -> HTTPHeaders {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        let origin = "https://\(host)" + (url.port == 443 ? "" : ":\(url.port)")
        return [
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": "\(Self.timeToLive)",
            "urgency": "high",
            // A repeat takes the place of what was not fetched yet: 32 characters at most.
            "topic": delivery.key.eventID.description.filter { $0 != "-" },
            "authorization": try key.authorization(
                origin: origin,
                contact: contact,
                now: clock()
            ),
        ]
    }

    /// What the page's worker needs of an event, within ``PushEncryption/maximumPlaintext``.
    static func message(_ json: String) -> [UInt8] {
        // What cannot be read is shown as a reminder without a title.
        let event = (try? JSONReader.read(Array(json.utf8))) ?? .null
        var writer = JSONWriter()
        writer.object { writer in
            for name in ["event_id", "event_type", "task_id", "reminder_id", "due_at", "remind_at"]
            {
                writer.name(name)
                (event[name] ?? .null).write(to: &writer)
            }
            if case .string(let title)? = event["title"] {
                let scalars = title.unicodeScalars.filter { $0.value >= 0x20 }
                    .prefix(maximumTitle)
                writer.member("title", String(String.UnicodeScalarView(scalars)))
            }
        }
        return writer.utf8
    }
}
