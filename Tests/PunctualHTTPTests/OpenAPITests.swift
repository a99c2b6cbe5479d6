// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualTime
import Testing

@testable import PunctualHTTP

/// The description of the API, beside the API itself.
@Suite struct OpenAPITests {
    private static let description = APIDescription.whole

    @Test func `describes every route, and no other`() throws {
        let server = TestServer()
        var services = server.services
        services.conversations = NoConversations()
        services.sidecar.sweep = NoSweep()
        services.sidecar.successions = { _ in }
        services.sidecar.jobs = JobService(
            store: NoJobs(),
            zones: services.zones,
            shards: ShardMap(count: 1),
            hints: AbsentEngine(),
            clock: services.clock
        )
        let routes = makeRoutes(configuration: server.configuration, services: services)
        let served = Set(
            routes.all.filter { $0.method != .head }.map { "\($0.method) \($0.path)" }
        )
        let paths = try #require(Self.description["paths"]?.members)
        let described = Set(
            paths.flatMap { path in
                path.value.members.filter { $0.name != "parameters" }.map {
                    "\($0.name.uppercased()) \(path.name)"
                }
            }
        )
        #expect(served.subtracting(described) == [], "not described")
        #expect(described.subtracting(served) == [], "described, and not there")
    }

    @Test func `gives every body an example, and every operation a name of its own`() throws {
        let operations = try #require(Self.description["paths"]?.members).flatMap { path in
            path.value.members.filter { $0.name != "parameters" }
        }
        var names: Set<String> = []
        for operation in operations {
            let name = operation.value["operationId"]?.text ?? ""
            #expect(names.insert(name).inserted && !name.isEmpty, "\(name)")
            for content in operation.value["requestBody"]?["content"]?.members ?? [] {
                let schema = try #require(content.value["schema"].map(Self.resolved))
                #expect(
                    schema["examples"] != nil || content.value["example"] != nil,
                    "\(name) \(content.name)"
                )
            }
        }
        #expect(names.count > 50)
    }

    @Test func `refers to nothing that is not there`() {
        func check(_ value: JSONValue) {
            for element in value.elements { check(element) }
            for member in value.members {
                if member.name == "$ref" { #expect(Self.resolved(value) != .null, "\(value)") }
                check(member.value)
            }
        }
        check(Self.description)
    }

    @Test func `is served`() async throws {
        try await TestServer().test { client in
            let answer = try await client.get("/openapi.json")
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "application/json")
            #expect(answer.json == Self.description)
        }
    }

    /// What a reference within the description stands for.
    private static func resolved(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.text else { return value }
        return reference.split(separator: "/").dropFirst().reduce(description) {
            $0[String($1)] ?? .null
        }
    }
}

extension JSONValue {
    var members: [JSONMember] { if case .object(let members) = self { members } else { [] } }
}

/// A store that only makes the routes of conversations be there.
private struct NoConversations: ConversationStore {
    func conversation(_ key: ConversationKey) async throws -> Conversation? { nil }
    func put(
        _ key: ConversationKey,
        messages: String,
        metadata: String?,
        ttlSeconds: Int64,
        if condition: WriteCondition
    ) async throws -> Conversation? { nil }
    func delete(_ key: ConversationKey, if condition: WriteCondition) async throws -> Bool {
        false
    }
}

/// A sweep and a store that only make the routes of a sidecar be there.
private struct NoSweep: OverdueSweep {
    func sweep() async throws -> SweepReport { SweepReport() }
}

private struct NoJobs: JobStore {
    func reserveID() async throws -> Int64 { 1 }
    func put(_ job: Job, shard: Int16, overwriting: Bool) async throws -> [OutboxKey]? { [] }
    func delete(name: String, shard: Int16) async throws -> [OutboxKey]? { nil }
    func job(named name: String, shard: Int16) async throws -> Job? { nil }
    func job(id: Int64, shard: Int16) async throws -> Job? { nil }
    func roll(
        id: Int64,
        shard: Int16,
        from due: WallInstant,
        to next: WallInstant?
    ) async throws {}
}
