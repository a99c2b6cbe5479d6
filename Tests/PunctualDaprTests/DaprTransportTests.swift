// SPDX-License-Identifier: Apache-2.0

import Logging
import PunctualCore
import PunctualDapr
import PunctualTime
import Testing

@Suite(.timeLimit(.minutes(1))) struct DaprTransportTests {
    private static func event(_ number: Int64, type: EventType = .reminderDue) -> ReleasedEvent {
        let instant = WallInstant(microsecondsSinceEpoch: 1_800_000_000_000_000 + number)
        return StagedEvent(
            key: OutboxKey(
                shard: 1,
                sourceID: number,
                nominal: CivilDateTime(secondsSinceEpoch: 1_800_000_000)
            ),
            type: type,
            taskID: number,
            userID: "ada \(number % 3)",
            due: instant,
            payload: "{\"event_type\":\"\(type.rawValue)\",\"user_id\":\"ada\"}"
        ).released(at: instant)
    }

    private func transport(_ endpoint: String, token: String? = nil) -> DaprTransport {
        var settings = DaprSettings(endpoint: endpoint)
        (settings.token, settings.pubsub) = (token, "kafka-pubsub")
        return DaprTransport(DaprSidecar(settings, logger: Logger(label: "test")))
    }

    @Test func `every event reaches each of its topics under its own id`() async throws {
        let sidecar = Sidecar(token: "secret")
        let events = (1...250).map { Self.event($0) } + [Self.event(999, type: .completed)]
        try await sidecar.serving { endpoint in
            try await transport(endpoint, token: "secret").publish(events)
        }
        #expect(sidecar.violations.isEmpty)
        let reminders = sidecar.published.filter { $0.topic == "reminders" }.map(\.id)
        #expect(reminders == events.dropLast().map(\.id.description))
        let changes = sidecar.published.filter { $0.topic != "reminders" }.map(\.topic)
        #expect(changes.sorted() == ["task-events", "task-updates"])
    }

    @Test func `what was refused is offered again, and nothing else`() async throws {
        let sidecar = Sidecar(token: nil)
        let events = (1...30).map { Self.event($0) }
        let bad = Set(events[10...12].map(\.id.description))
        sidecar.refuse(bad)
        try await sidecar.serving { endpoint in
            let transport = transport(endpoint)
            await #expect(throws: DaprError.self) { try await transport.publish(events) }
            #expect(transport.problem != nil)
            sidecar.refuse([])
            try await transport.publish(events)
            #expect(transport.problem == nil)
        }
        #expect(sidecar.violations.isEmpty)
        #expect(sidecar.published.count == 30)
        #expect(Set(sidecar.published.map(\.id)).count == 30)
    }

    @Test func `a sidecar that is away or refuses the token takes nothing`() async throws {
        let away = transport("http://127.0.0.1:9")
        await #expect(throws: (any Error).self) { try await away.publish([Self.event(1)]) }
        #expect(away.problem != nil)
        let sidecar = Sidecar(token: "secret")
        try await sidecar.serving { endpoint in
            let stranger = transport(endpoint, token: "guess")
            await #expect(throws: DaprError.self) { try await stranger.publish([Self.event(1)]) }
        }
        #expect(sidecar.published.isEmpty)
    }
}
