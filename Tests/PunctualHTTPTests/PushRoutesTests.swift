// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Synchronization
import Testing

@Suite struct PushRoutesTests {
    private let keys =
        #""keys":{"p256dh":"\#(String(repeating: "B", count: 87))","auth":"\#(String(repeating: "A", count: 22))"}"#
    private let path = "/api/me/push-subscriptions"

    @Test func `tells the key, and keeps a browser until it is taken back`() async throws {
        let server = TestServer()
        try await server.test { [path, keys] client in
            #expect(try await client.get("/api/push/key").json["public_key"]?.text == "key")
            let body = #"{"endpoint":"https://push.example.org/1","expirationTime":null,\#(keys)}"#
            #expect(try await client.post(path, body).status == 204)
            #expect(server.browsers.endpoints == ["dev https://push.example.org/1"])
            let stranger = try await client.send(.delete, path, body, headers: ["x-user": "ben"])
            #expect(stranger.status == 404)
            #expect(try await client.send(.delete, path, body).status == 204)
            #expect(server.browsers.endpoints.isEmpty)
        }
    }

    @Test(arguments: [
        (#"{}"#, "/endpoint"), (#"{"endpoint":"https://a"}"#, "/keys"),
        (#"{"endpoint":"http://a",KEYS}"#, "/endpoint"),
        (#"{"endpoint":"https://a","keys":{"auth":"AAAA"}}"#, "/keys/auth"),
        (#"{"endpoint":"https://a","keys":{"p256dh":"+/+/"}}"#, "/keys/p256dh"),
        (#"{"endpoint":"https://a","keys":{"other":""}}"#, "/keys/other"),
        (#"{"endpoint":"https://a","expirationTime":{}}"#, "/expirationTime"),
    ])
    func `says what is wrong, and where`(body: String, place: String) async throws {
        try await TestServer().test { [path, keys] client in
            let answer = try await client.post(path, body.replacing("KEYS", with: keys))
            #expect(answer.status == 422)
            #expect(answer.places == [place])
        }
    }
}

/// Subscriptions that live in memory.
final class InMemoryPushStore: PushSubscriptionStore {
    private let kept = Mutex<[(userID: String, subscription: PushSubscription)]>([])

    /// Users with their endpoints.
    var endpoints: [String] {
        kept.withLock { $0.map { "\($0.userID) \($0.subscription.endpoint)" } }
    }

    func add(
        _ subscription: PushSubscription,
        shard: Int16,
        userID: String,
        limit: Int
    ) async throws {
        kept.withLock { $0.append((userID, subscription)) }
    }

    func remove(endpoint: String, shard: Int16, userID: String) async throws -> Bool {
        kept.withLock { kept in
            let count = kept.count
            kept.removeAll { $0.userID == userID && $0.subscription.endpoint == endpoint }
            return kept.count < count
        }
    }

    func remove(_ id: Int64, shard: Int16) async throws {}

    func subscription(_ id: Int64, shard: Int16) async throws -> PushSubscription? { nil }
}
