// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import PunctualTime
import Synchronization
import Testing

/// Handles events as it is told to.
private final class ScriptedHandler: EventHandler {
    enum Outcome { case handled, failed, poison }
    struct Trouble: Error {}

    let name = "recurring"
    let topics: Set<Topic> = [.taskEvents]
    private let state: Mutex<(outcome: Outcome, handled: [EventID])>

    init(_ outcome: Outcome) { state = Mutex((outcome, [])) }

    var handled: [EventID] { state.withLock { $0.handled } }

    func handle(_ batch: [ReleasedEvent]) async throws {
        try state.withLock { state in
            switch state.outcome {
            case .handled: state.handled += batch.map(\.id)
            case .failed: throw Trouble()
            case .poison: throw PoisonEvent(batch[0].id, reason: "no such thing")
            }
        }
    }
}

@Suite struct SubscriptionRoutesTests {
    private let event = StagedEvent(
        key: OutboxKey(shard: 1, sourceID: 7, nominal: CivilDateTime(secondsSinceEpoch: 0)),
        type: .completed,
        taskID: 42,
        userID: "ana",
        due: TestServer.now,
        payload: #"{"event_type":"completed","task_id":42,"user_id":"ana"}"#
    ).released(at: TestServer.now)

    private func server(_ handlers: [any EventHandler]) -> TestServer {
        var server = TestServer()
        server.subscription = SidecarSubscription(
            pubsub: "kafka-pubsub",
            handlers: handlers,
            shards: ShardMap(count: 4)
        )
        return server
    }

    @Test func `subscribes to the topics that are listened to, and to none without`() async throws {
        try await TestServer().test { client in
            let list = try await client.get("/dapr/subscribe")
            #expect(list.text == "[]")
            let refused = try await client.post("/events/reminders", "{}")
            #expect(refused.status == 404)
        }
        try await server([ScriptedHandler(.handled)]).test { client in
            let list = try await client.get("/dapr/subscribe").json.elements
            #expect(list.map { $0["topic"]?.text } == ["task-events"])
            #expect(list.first?["pubsubname"]?.text == "kafka-pubsub")
            #expect(list.first?["routes"]?["default"]?.text == "/events/task-events")
            #expect(list.first?["deadLetterTopic"]?.text == "reminders-dlq")
        }
    }

    @Test func `an event in its envelope is handled, as often as it comes`() async throws {
        let handler = ScriptedHandler(.handled)
        try await server([handler]).test { [event] client in
            for _ in 0..<2 {
                let answer = try await client.post(
                    "/events/task-events",
                    CloudEvent.envelope(event),
                    headers: ["content-type": "application/cloudevents+json"]
                )
                #expect(answer.status == 200 && answer.json["status"]?.text == "SUCCESS")
            }
            // Another role's: a declared subscription may bring it here all the same.
            let others = try await client.post("/events/reminders", event.json)
            #expect(others.status == 200 && others.json["status"]?.text == "SUCCESS")
            let foreign = try await client.post("/events/engine", event.json)
            #expect(foreign.status == 404)
        }
        #expect(handler.handled == [event.id, event.id])
    }

    @Test func `what fails comes again, and what can never be handled does not`() async throws {
        for (handler, verdict) in [
            (ScriptedHandler(.failed), "RETRY"), (ScriptedHandler(.poison), "DROP"),
        ] {
            try await server([handler, ScriptedHandler(.handled)]).test { [event] client in
                let answer = try await client.post("/events/task-events", event.json)
                #expect(answer.status == 200 && answer.json["status"]?.text == verdict)
            }
        }
        try await server([ScriptedHandler(.handled)]).test { client in
            for body in ["{", "[]", #"{"specversion":"1.0","data":{}}"#] {
                let answer = try await client.post("/events/task-events", body)
                #expect(answer.status == 200 && answer.json["status"]?.text == "DROP")
            }
        }
    }
}
