// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualKafka
import PunctualLoop
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct KafkaTransportTests {
    @Test func `writes a change to both of its topics, and a reminder to one`() async throws {
        try await Desk.with { desk in
            try await desk.transport.publish([
                Desk.event(1, type: .created), Desk.event(2, user: "bob", type: .reminderDue),
            ])
            let format = "%k|%h|%s"
            for topic in ["task-events", "task-updates"] {
                let lines = try kcat(desk.cluster, topic, format)
                try #require(lines.count == 1)
                #expect(lines[0].hasPrefix("ada|content-type=application/cloudevents+json|{"))
                #expect(lines[0].contains(#""type":"punctual.created""#))
            }
            let reminders = try kcat(desk.cluster, "reminders", format)
            #expect(reminders.count == 1 && reminders.allSatisfy { $0.hasPrefix("bob|") })
        }
    }

    @Test func `writes the bare event with headers when it is told to`() async throws {
        try await Desk.with(format: .plain) { desk in
            let event = Desk.event(1)
            try await desk.transport.publish([event])
            let lines = try kcat(desk.cluster, "reminders", "%h|%s")
            #expect(lines.first?.hasSuffix("|" + event.json) == true)
            #expect(lines.first?.contains("ce_id=\(event.id)") == true)
        }
    }

    @Test(arguments: [
        ("not enough replicas", [19, 19, 20]), ("not the leader", [6, 6]),
        ("timed out", [7]), ("topic forbidden", [29]), ("out of order", [45]),
        ("unknown producer", [59]), ("disconnected", [-195, -195]),
    ])
    func `repeats until the broker has it, whatever is injected`(
        _ name: String,
        _ codes: [Int]
    ) async throws {
        try await Desk.with { desk in
            try await desk.transport.publish([Desk.event(0)])
            try desk.cluster.fail(.produce, with: codes)
            let events = (1...200).map { Desk.event($0, user: "user-\($0 % 10)") }
            try await desk.transport.publish(events)
            let handler = RecordingHandler()
            try await desk.consuming(handler) { await handler.reaches(201) }
            #expect(handler.ids.isSuperset(of: events.map(\.id)))
        }
    }

    @Test func `sends again by a new producer what a fatal error left unreported`() async throws {
        try await Desk.with { desk in
            try await desk.transport.publish([Desk.event(0)])
            for broker in 1...3 { try desk.cluster.tell("down \(broker)") }
            let events = (1...1_000).map { Desk.event($0, user: "user-\($0 % 10)") }
            async let publication: Void = desk.transport.publish(events)
            await desk.loop.turn()
            await desk.producer.injectFatalError(code: Int32(MockCluster.outOfOrder))
            for broker in 1...3 { try desk.cluster.tell("up \(broker)") }
            try await publication
            let handler = RecordingHandler()
            try await desk.consuming(handler) { await handler.reaches(1_001) }
            #expect(handler.ids.isSuperset(of: events.map(\.id)))
        }
    }

    @Test func `outlasts brokers that are away longer than a message may take`() async throws {
        try await Desk.with(properties: [KafkaProperty("message.timeout.ms", "1000")]) { desk in
            try await desk.transport.publish([Desk.event(0)])
            for broker in 1...3 { try desk.cluster.tell("down \(broker)") }
            async let publication: Void = desk.transport.publish([Desk.event(1)])
            try await eventually { desk.producer.status.problem != nil }
            for broker in 1...3 { try desk.cluster.tell("up \(broker)") }
            try await publication
            #expect(desk.producer.status.problem == nil)
            #expect(try kcat(desk.cluster, "reminders", "%k").count >= 2)
        }
    }

    @Test func `a full local queue holds the sender back and loses nothing`() async throws {
        try await Desk.with(properties: [KafkaProperty("queue.buffering.max.messages", "50")]) {
            desk in
            let events = (1...5_000).map { Desk.event($0, user: "user-\($0 % 10)") }
            try await desk.transport.publish(events)
            let lines = try kcat(desk.cluster, "reminders", "%k %s")
            #expect(lines.count == events.count)
            // One user's events are in the order of their release.
            let mine = lines.filter { $0.hasPrefix("user-3 ") }
            let wanted = events.filter { $0.userID == "user-3" }
            #expect(zip(mine, wanted).allSatisfy { $0.contains($1.id.description) })
        }
    }

    @Test func `an event that is too large goes to the dead letters, and the others on`()
        async throws
    {
        try await Desk.with(properties: [KafkaProperty("message.max.bytes", "20000")]) { desk in
            try await desk.transport.publish([
                Desk.event(1), Desk.event(2, padding: 50_000), Desk.event(3),
            ])
            #expect(try kcat(desk.cluster, "reminders", "%k").count == 2)
            let letters = try kcat(desk.cluster, "reminders-dlq", "%k|%h")
            try #require(letters.count == 1)
            #expect(letters[0].contains("origin-topic=reminders"))
            #expect(letters[0].contains("reason="))
        }
    }

    @Test func `who is cancelled while the brokers are away is let go`() async throws {
        try await Desk.with { desk in
            for broker in 1...3 { try desk.cluster.tell("down \(broker)") }
            let publication = Task { try await desk.transport.publish([Desk.event(1)]) }
            await desk.loop.turn()
            publication.cancel()
            await #expect(throws: CancellationError.self) { try await publication.value }
        }
    }

    /// Waits, a turn of the loop at a time, until a condition holds.
    private func eventually(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { await Task.yield() }
    }
}
