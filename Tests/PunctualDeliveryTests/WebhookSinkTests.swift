// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import PunctualCore
import PunctualTime
import Testing

@testable import PunctualDelivery

@Suite struct WebhookSinkTests {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test func `posts the bare event with the headers of Standard Webhooks`() async throws {
        try await receiving { _, _ in
            .init(status: 204)
        } body: { receiver, sink, delivery in
            try await sink.deliver(delivery, json: "{\"a\":1}")
            let request = try #require(receiver.requests.value.first)
            let id = delivery.key.eventID.description
            let timestamp = Sample.start.secondsSinceEpoch
            #expect(request.path == "/hook?x=1")
            #expect(request.body == "{\"a\":1}")
            #expect(request.headers.first(name: "host") == "127.0.0.1:\(receiver.port)")
            #expect(request.headers.first(name: "content-type") == "application/json")
            #expect(request.headers.first(name: "webhook-id") == id)
            #expect(request.headers.first(name: "webhook-timestamp") == "\(timestamp)")
            let signature = try WebhookSignature(secret: Self.secret)
            #expect(
                request.headers.first(name: "webhook-signature")
                    == signature.sign(id: id, timestamp: timestamp, body: "{\"a\":1}")
            )
        }
    }

    @Test(
        arguments: [
            (400, true), (401, true), (404, true), (410, true), (422, true), (408, false),
            (409, false), (425, false), (429, false), (500, false), (503, false), (301, false),
        ])
    func `tells permanent failures from others`(status: Int, isPermanent: Bool) async throws {
        try await receiving { _, _ in
            .init(status: status)
        } body: { _, sink, delivery in
            let failure = await failure(of: sink, delivery)
            #expect(failure == DeliveryFailure("HTTP \(status)", isPermanent: isPermanent))
        }
    }

    @Test func `keeps the beginning of an answer, without control characters`() async throws {
        let body = "no\u{0}\r\n\u{1b}[31m" + String(repeating: "é", count: 300)
        try await receiving { _, _ in
            .init(status: 500, body: body)
        } body: { _, sink, delivery in
            let reason = await failure(of: sink, delivery)?.reason
            #expect(reason == "HTTP 500: no[31m" + String(repeating: "é", count: 194))
        }
    }

    @Test func `an endless answer is not read`() async throws {
        let body = String(repeating: "x", count: 1 << 20)
        try await receiving { _, _ in
            .init(status: 500, body: body)
        } body: { _, sink, delivery in
            #expect(await failure(of: sink, delivery)?.reason == "HTTP 500")
        }
    }

    @Test func `does not follow redirects`() async throws {
        try await receiving { number, _ in
            number == 1 ? .init(status: 307, headers: ["location": "/elsewhere"]) : .init()
        } body: { receiver, sink, delivery in
            #expect(await failure(of: sink, delivery)?.reason == "HTTP 307")
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test func `reports how long it is asked to wait`() async throws {
        try await receiving { number, _ in
            .init(
                status: 429,
                headers: ["retry-after": number == 1 ? "120" : "Fri, 15 Jan 2027 08:01:00 GMT"]
            )
        } body: { _, sink, delivery in
            #expect(await failure(of: sink, delivery)?.retryAfter == .seconds(120))
            #expect(await failure(of: sink, delivery)?.retryAfter == .seconds(60))
        }
    }

    @Test func `a silent target is given up in time`() async throws {
        try await receiving(timeout: .milliseconds(100)) { _, _ in
            .init(isSilent: true)
        } body: { _, sink, delivery in
            let failure = await failure(of: sink, delivery)
            #expect(failure?.isPermanent == false)
        }
    }

    @Test func `a refused connection and an unknown host can be tried again`() async throws {
        var port = 0
        try await receiving { _, _ in
            .init()
        } body: { receiver, _, _ in
            port = receiver.port
        }
        for url in ["http://127.0.0.1:\(port)/", "http://nowhere.invalid/"] {
            let (sink, delivery) = try make(url: url)
            let failure = await failure(of: sink, delivery)
            #expect(failure?.isPermanent == false)
            await sink.close()
        }
    }

    @Test func `refuses a target that resolves to a private address`() async throws {
        let (sink, delivery) = try make(
            url: "http://innocent.example:9/",
            allowing: "",
            resolver: FixedResolver(["127.0.0.1", "10.0.0.1", "::1"])
        )
        let failure = await failure(of: sink, delivery)
        #expect(failure?.isPermanent == true)
        #expect(failure?.reason.contains("PUNCTUAL_WEBHOOK_ALLOW") == true)
        await sink.close()
    }

    @Test func `connects to the address that was checked, under the name of the host`()
        async throws
    {
        try await receiving { _, _ in
            .init()
        } body: { receiver, _, _ in
            // The name does not exist, and the first address is refused: both prove the pin.
            let url = "http://hooks.invalid:\(receiver.port)/"
            let (sink, delivery) = try make(
                url: url,
                allowing: "127.0.0.1",
                resolver: FixedResolver(["10.9.9.9", "127.0.0.1"])
            )
            try await sink.deliver(delivery, json: "{}")
            #expect(
                receiver.requests.value.last?.headers.first(name: "host")
                    == "hooks.invalid:\(receiver.port)"
            )
            await sink.close()
        }
    }

    @Test func `a target that is no longer configured is a permanent failure`() async throws {
        let (sink, _) = try make(url: "http://127.0.0.1/")
        let (_, other) = try make(url: "http://127.0.0.2/")
        #expect(await failure(of: sink, other)?.isPermanent == true)
        await sink.close()
    }

    @Test func `a failing target is tried again, then succeeds, or becomes a dead letter`()
        async throws
    {
        let timer = ManualTimer()
        let store = FakeDeliveryStore()
        try await receiving { number, request in
            if request.body.contains("\"task_id\":1}") { return .init(status: 410, body: "gone") }
            return number < 4 ? .init(status: 503, headers: ["retry-after": "5"]) : .init()
        } body: { receiver, sink, delivery in
            let worker = DeliveryWorker(
                store: store,
                channels: [DeliveryChannel(name: "webhook", sink: sink)],
                clock: { Sample.start },
                timer: timer,
                logger: quietLogger
            )
            store.add(2, target: delivery.key.target)
            await running(worker) {
                for attempt in 1...3 {
                    await store.state.wait { $0.delays.count == attempt }
                    store.advance()
                    worker.wake()
                }
                await store.state.wait { $0.delivered.count == 1 }
                store.add(1, target: delivery.key.target)
                worker.wake()
                await store.state.wait { $0.dead.count == 1 }
            }
            let ids = receiver.requests.value.compactMap { $0.headers.first(name: "webhook-id") }
            #expect(ids.count == 5 && Set(ids.prefix(4)).count == 1)
        }
        let state = store.state.value
        #expect(state.delays.allSatisfy { $0 >= .seconds(5) })
        #expect(state.delivered.first?.attempts == 4)
        #expect(state.dead.first?.errors == ["HTTP 410: gone"])
    }

    // MARK: - Support

    func receiving(
        timeout: TimeAmount = .seconds(60),
        answer:
            @escaping @Sendable (Int, WebhookReceiver.Request) -> WebhookReceiver.Answer,
        body: (WebhookReceiver, WebhookSink, Delivery) async throws -> Void
    ) async throws {
        try await WebhookReceiver.running(answer: answer) { receiver in
            let (sink, delivery) = try make(
                url: "http://127.0.0.1:\(receiver.port)/hook?x=1",
                timeout: timeout
            )
            try await body(receiver, sink, delivery)
            await sink.close()
        }
    }

    func make(
        url: String,
        allowing allowed: String = "127.0.0.0/8",
        timeout: TimeAmount = .seconds(60),
        resolver: (any HostResolver)? = nil
    ) throws -> (WebhookSink, Delivery) {
        let configuration = try WebhookConfiguration(
            url: url,
            secret: Self.secret,
            allowing: allowed
        )
        let sink = WebhookSink(
            configuration,
            clock: { Sample.start },
            resolver: resolver ?? SystemResolver(),
            timeout: timeout
        )
        let event = Sample.released(1)
        let key = Delivery.Key(
            shard: event.key.shard,
            eventID: event.id,
            channel: "webhook",
            target: configuration.targets[0].target
        )
        return (sink, Delivery(key: key, attempts: 1, timestamp: event.timestamp, json: event.json))
    }

    func failure(of sink: WebhookSink, _ delivery: Delivery) async -> DeliveryFailure? {
        do {
            try await sink.deliver(delivery, json: "{}")
            return nil
        } catch {
            return error
        }
    }
}

/// A resolver that knows one answer.
struct FixedResolver: HostResolver {
    private let found: [IPAddress]

    init(_ addresses: [String]) { found = addresses.compactMap { IPAddress($0) } }

    func addresses(of host: String, port: Int) async throws -> [IPAddress] { found }
}
