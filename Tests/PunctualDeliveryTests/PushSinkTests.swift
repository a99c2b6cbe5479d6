// SPDX-License-Identifier: Apache-2.0

import Crypto
import NIOHTTP1
import PunctualCore
import PunctualTime
import Testing

@testable import PunctualDelivery

/// Web Push to a real HTTP server, which reads what came as a browser does.
@Suite struct PushSinkTests {
    private let browser = P256.KeyAgreement.PrivateKey()
    private let secret = [UInt8](repeating: 7, count: 16)

    /// One subscription, whose endpoint is given.
    private final class OneBrowser: PushSubscriptionStore {
        let kept: Watched<PushSubscription?>

        init(_ subscription: PushSubscription) { kept = Watched(subscription) }

        func add(
            _ subscription: PushSubscription,
            shard: Int16,
            userID: String,
            limit: Int
        ) async throws {}
        func remove(endpoint: String, shard: Int16, userID: String) async throws -> Bool { false }
        func remove(_ id: Int64, shard: Int16) async throws { kept.change { $0 = nil } }
        func subscription(_ id: Int64, shard: Int16) async throws -> PushSubscription? {
            kept.value
        }
    }

    /// Reads an `aes128gcm` record by RFC 8291, from the side of the browser.
    private func decrypted(_ message: [UInt8]) throws -> JSONValue {
        let sender = Array(message[21..<86])
        let shared = try browser.sharedSecretFromKeyAgreement(
            with: P256.KeyAgreement.PublicKey(x963Representation: sender)
        )
        let point = Array(browser.publicKey.x963Representation)
        let material = shared.hkdfDerivedSymmetricKey(
            using: SHA256.self,
            salt: secret,
            sharedInfo: Array("WebPush: info\0".utf8) + point + sender,
            outputByteCount: 32
        )
        func derive(_ info: String, _ count: Int) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: material,
                salt: Array(message[..<16]),
                info: Array("Content-Encoding: \(info)\0".utf8),
                outputByteCount: count
            )
        }
        let nonce = unsafe derive("nonce", 12).withUnsafeBytes { unsafe Array($0) }
        let box = try AES.GCM.SealedBox(combined: nonce + message[86...])
        let plaintext = try AES.GCM.open(box, using: derive("aes128gcm", 16))
        #expect(plaintext.last == 2)
        return try JSONReader.read(Array(plaintext.dropLast()))
    }

    private func delivering(
        answers statuses: [Int],
        allowing allowed: String = "127.0.0.0/8",
        _ body: (PushSink, Delivery, WebhookReceiver, OneBrowser) async throws -> Void
    ) async throws {
        try await WebhookReceiver.running(answer: { number, _ in
            .init(status: statuses[min(number, statuses.count) - 1])
        }) { receiver in
            let store = OneBrowser(
                PushSubscription(
                    id: 1,
                    endpoint: "http://127.0.0.1:\(receiver.port)/push/abc",
                    publicKey: Array(browser.publicKey.x963Representation),
                    secret: secret
                )
            )
            let sink = PushSink(
                key: VAPIDKey(),
                contact: nil,
                store: store,
                targetGuard: try TargetGuard(allowing: allowed),
                clock: { Sample.start }
            )
            let event = Sample.released(1)
            let delivery = Delivery(
                key: .init(shard: 1, eventID: event.id, channel: "web_push", target: "1"),
                attempts: 1,
                timestamp: event.timestamp,
                json: event.json
            )
            try await body(sink, delivery, receiver, store)
            await sink.close()
        }
    }

    private func failure(_ sink: PushSink, _ delivery: Delivery) async -> DeliveryFailure? {
        do {
            try await sink.deliver(delivery, json: "{}")
            return nil
        } catch {
            return error
        }
    }

    @Test func `a browser reads what was sent, and nobody else could`() async throws {
        try await delivering(answers: [201]) { sink, delivery, receiver, _ in
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("title", "Pay rent ✓")
                writer.member("event_id", delivery.key.eventID.description)
                writer.member("description", "not sent")
            }
            try await sink.deliver(delivery, json: writer.text)
            let request = try #require(receiver.requests.value.first)
            #expect(request.path == "/push/abc" && !request.body.contains("rent"))
            #expect(request.headers.first(name: "content-encoding") == "aes128gcm")
            #expect(request.headers.first(name: "ttl") == "86400")
            #expect(request.headers.first(name: "urgency") == "high")
            #expect(request.headers.first(name: "topic")?.count == 32)
            #expect(request.headers.first(name: "authorization")?.hasPrefix("vapid t=") == true)
            let message = try decrypted(request.bytes)
            #expect(message["title"] == .string("Pay rent ✓"))
            #expect(message["event_id"] == .string(delivery.key.eventID.description))
            #expect(message["description"] == nil)
        }
    }

    @Test(arguments: [404, 410])
    func `a browser that is gone is forgotten, and nothing is tried again`(
        status: Int
    ) async throws {
        try await delivering(answers: [status]) { sink, delivery, receiver, store in
            #expect(await failure(sink, delivery) == nil)
            #expect(store.kept.value == nil)
            #expect(await failure(sink, delivery) == nil)
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test func `a service that is busy is asked again, and one that refuses is not`()
        async throws
    {
        try await delivering(answers: [429, 503, 413]) { sink, delivery, _, store in
            #expect(await failure(sink, delivery)?.isPermanent == false)
            #expect(await failure(sink, delivery)?.isPermanent == false)
            #expect(await failure(sink, delivery)?.isPermanent == true)
            #expect(store.kept.value != nil)
        }
    }

    @Test func `an endpoint in a private network gets nothing`() async throws {
        try await delivering(answers: [201], allowing: "") { sink, delivery, receiver, _ in
            #expect(await failure(sink, delivery)?.isPermanent == true)
            #expect(receiver.requests.value.count == 0)
        }
    }
}
