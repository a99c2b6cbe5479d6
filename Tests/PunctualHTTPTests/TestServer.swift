// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import PunctualCore
import PunctualHTTP
import PunctualTime
import Synchronization

/// The whole edge over a store in memory, with a clock that stands still at the start of 2026.
struct TestServer: Sendable {
    /// 2026-01-01T00:00:00Z.
    static let now = WallInstant(secondsSinceEpoch: 1_767_225_600)

    let store = InMemoryTaskStore()
    let updates = ScriptedUpdates()
    let metrics = PrometheusRegistry()
    var authenticator: any Authenticator = HeaderUser()
    var configuration = HTTPConfiguration(port: 0)
    var readiness = ReadinessReport(checks: [.init("database")])
    let users = InMemoryUserStore()
    var subscription: SidecarSubscription?
    let notices = InMemoryNotificationStore()
    let browsers = InMemoryPushStore()

    var services: HTTPServices {
        let zones = TestZones()
        let profiles = ProfileService(store: users, shards: ShardMap(count: 4), zones: zones)
        let tasks = TaskService(
            store: store,
            zones: zones,
            shards: ShardMap(count: 4),
            hints: NoHints(),
            relay: NoRelay(),
            profiles: profiles,
            clock: { Self.now }
        )
        var services = HTTPServices(
            tasks: tasks,
            tags: TagService(store: store, shards: ShardMap(count: 4)),
            updates: updates,
            zones: zones,
            clock: { Self.now },
            metrics: metrics,
            readiness: { [readiness] in readiness },
            authenticator: authenticator
        )
        let shards = ShardMap(count: 4)
        services.notifications = NotificationService(store: notices, shards: shards)
        services.deadLetters = DeadLetterService(store: notices, shards: shards) { [notices] in
            notices.wake()
        }
        services.push = PushService(publicKey: "key", store: browsers, shards: shards) {
            $0.endpoint.hasPrefix("https://") ? nil : "is no https URL"
        }
        services.profiles = profiles
        services.sidecar.subscription = subscription
        services.apiTokens = APITokenService(store: users, shards: ShardMap(count: 4))
        return services
    }

    var application: some ApplicationProtocol {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return makeApplication(configuration: configuration, services: services, logger: logger)
    }

    /// Runs `body` with a client that calls the router directly.
    func test(_ body: @escaping @Sendable (Client) async throws -> Void) async throws {
        try await application.test(.router) { try await body(Client($0)) }
    }
}

extension TestServer {
    /// Runs `body` with the port of a server that listens.
    func live<Value: Sendable>(
        _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> Value {
        try await application.test(.live) { client in
            guard let port = client.port else { throw NoPort() }
            return try await body(port)
        }
    }

    /// The server did not say where it listens.
    struct NoPort: Error {}
}

/// The user named in a header, `dev` without one.
struct HeaderUser: Authenticator {
    func user(of fields: HTTPFields) async throws -> User {
        User(id: HTTPField.Name("x-user").flatMap { fields[$0] } ?? "dev")
    }
}

struct NoHints: EngineHints {
    func hint(shard: Int16, due: WallInstant) {}
    func withdraw(_ keys: [OutboxKey]) async -> Set<OutboxKey> { [] }
}

struct NoRelay: ChangeRelay {
    func release(_ events: [StagedEvent]) {}
}

/// Answers to requests, as tests look at them.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String

    /// The body as a value; `null` when it is not JSON.
    var json: JSONValue { (try? JSONReader.read(Array(text.utf8))) ?? .null }

    /// The pointers, parameters or headers of a problem.
    var places: [String] {
        guard case .array(let errors)? = json["errors"] else { return [] }
        return errors.compactMap { error in
            ["pointer", "parameter", "header"].compactMap { error[$0]?.text }.first
        }
    }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}

extension JSONValue {
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
}

/// Sends requests as JSON text.
struct Client: Sendable {
    private let base: any TestClientProtocol

    init(_ base: any TestClientProtocol) { self.base = base }

    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(method, path, bytes: body.map { Array($0.utf8) }, headers: headers)
    }

    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        bytes: [UInt8]?,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var fields = HTTPFields()
        if bytes != nil { fields[.contentType] = "application/json" }
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields[name] = value
        }
        return try await base.execute(
            uri: path,
            method: method,
            headers: fields,
            body: bytes.map { ByteBuffer(bytes: $0) }
        ) { Answer(status: $0.status.code, headers: $0.headers, text: String(buffer: $0.body)) }
    }

    func get(_ path: String) async throws -> Answer { try await send(.get, path) }
    func post(
        _ path: String,
        _ body: String,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(.post, path, body, headers: headers)
    }
}

/// Three zones, two of them made of their rules' text alone.
struct TestZones: ZoneSource {
    let version = "test"

    func rules(for identifier: String) -> ZoneRules? {
        switch identifier {
        case "UTC": .utc
        case "Europe/Lisbon": .lisbon
        default: nil
        }
    }
}

extension ZoneRules {
    /// Lisbon since 1996, as a TZif file with no transition but a footer (RFC 8536 §3.3).
    static let lisbon: ZoneRules? = {
        var header: [UInt8] = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        // One type and four bytes of designations in either block.
        header += [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
        let data: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("WET\0".utf8)
        let footer = Array("\nWET0WEST,M3.5.0/1,M10.5.0\n".utf8)
        return try? ZoneRules(
            identifier: "Europe/Lisbon",
            tzif: header + data + header + data + footer
        )
    }()
}

/// Streams that are fed by the test.
final class ScriptedUpdates: UpdateSource {
    struct Following: Sendable {
        let user: User
        let topics: Set<Topic>
        let cursor: EventCursor?
        let stream: ScriptedStream
    }
    private let opened = AsyncStream<Following>.makeStream()

    func updates(
        for user: User,
        topics: Set<Topic>,
        after cursor: EventCursor?
    ) async throws -> any UpdateStream {
        let stream = ScriptedStream()
        opened.continuation.yield(
            Following(user: user, topics: topics, cursor: cursor, stream: stream)
        )
        return stream
    }

    /// Waits for the next client that follows.
    func next() async -> Following? {
        var iterator = opened.stream.makeAsyncIterator()
        return await iterator.next()
    }
}

/// One stream that a test feeds.
final class ScriptedStream: UpdateStream {
    private let batches = AsyncStream<[UpdateMessage]>.makeStream()
    private let cancelled = AsyncStream<Void>.makeStream()

    func next() async -> [UpdateMessage]? {
        var iterator = batches.stream.makeAsyncIterator()
        return await iterator.next()
    }

    func cancel() {
        batches.continuation.finish()
        cancelled.continuation.finish()
    }

    func send(_ batch: [UpdateMessage]) { batches.continuation.yield(batch) }

    /// Waits until the edge has cancelled the stream.
    func cancellation() async { for await _ in cancelled.stream {} }
}
