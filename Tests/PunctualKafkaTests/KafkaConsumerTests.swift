// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualKafka
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct KafkaConsumerTests {
    @Test func `a poisonous event goes to the dead letters, and the partition on`() async throws {
        try await Desk.with { desk in
            let events = (1...20).map { Desk.event($0) }
            let poison = events[9].id
            _ = try await desk.producer.send([
                KafkaRecord(topic: "reminders", key: Array("ada".utf8), value: Array("{".utf8))
            ])
            try await desk.transport.publish(events)
            let handler = RecordingHandler { _, batch in
                guard batch.contains(where: { $0.id == poison }) else { return }
                throw PoisonEvent(poison, reason: "no such thing")
            }
            try await desk.consuming(handler) { await handler.reaches(19) }
            #expect(!handler.ids.contains(poison) && handler.events.count == 19)
            let letters = try kcat(desk.cluster, "reminders-dlq", "%h|%s")
            try #require(letters.count == 2)
            #expect(letters[0].contains("not JSON") && letters[0].contains("origin-offset=0"))
            #expect(letters[1].contains("reason=no such thing,attempts=1,origin-topic=reminders"))
            #expect(letters[1].contains(poison.description))
        }
    }

    @Test func `a handler that fails is given the batch again until it does not`() async throws {
        try await Desk.with { desk in
            let events = (1...50).map { Desk.event($0) }
            try await desk.transport.publish(events)
            let handler = RecordingHandler { call, _ in
                if call <= 3 { throw RecordingHandler.Trouble() }
            }
            try await desk.consuming(handler) { await handler.reaches(50) }
            #expect(handler.events.map(\.id) == events.map(\.id))
            #expect(handler.calls > 3)
        }
    }

    @Test func `who comes after goes on where the one before stopped`() async throws {
        try await Desk.with { desk in
            let first = (1...300).map { Desk.event($0, user: "user-\($0 % 7)") }
            try await desk.transport.publish(first)
            let before = RecordingHandler()
            try await desk.consuming(before) { await before.reaches(300) }
            let second = (301...400).map { Desk.event($0, user: "user-\($0 % 7)") }
            try await desk.transport.publish(second)
            let after = RecordingHandler()
            try await desk.consuming(after) { await after.reaches(100) }
            #expect(before.ids == Set(first.map(\.id)))
            #expect(after.ids == Set(second.map(\.id)), "nothing that was stored is repeated")
        }
    }

    @Test func `a group of one process alone has what came while it joined`() async throws {
        try await Desk.with { desk in
            let events = (1...40).map { Desk.event($0) }
            try await desk.transport.publish(events)
            for id in ["a", "b"] {
                let handler = RecordingHandler()
                try await desk.consuming(handler, group: .ephemeral(id: id)) {
                    await handler.reaches(40)
                }
                #expect(handler.ids == Set(events.map(\.id)))
            }
        }
    }

    @Test func `a slow handler pauses the partitions and misses nothing`() async throws {
        try await Desk.with { desk in
            let events = (1...10_000).map {
                Desk.event($0, user: "user-\($0 % 50)", type: .updated)
            }
            try await desk.transport.publish(events)
            // It fails at first, so that far more is fetched than the buffer takes.
            let handler = RecordingHandler(topics: [.taskEvents]) { call, _ in
                if call <= 4 { throw RecordingHandler.Trouble() }
            }
            try await desk.consuming(handler) { await handler.reaches(10_000) }
            #expect(handler.ids == Set(events.map(\.id)))
            for (_, mine) in Dictionary(grouping: handler.events, by: \.userID) {
                let numbers = mine.compactMap(\.taskID)
                #expect(numbers == numbers.sorted(), "in the order of their release")
            }
        }
    }

    @Test func `two share the partitions, and one takes over from the other`() async throws {
        try await Desk.with { desk in
            let effects = RecordingHandler(topics: [.taskEvents])
            try await desk.consuming(effects) {
                try await desk.consuming(effects) {
                    try await desk.transport.publish(
                        (1...1_000).map { Desk.event($0, user: "user-\($0 % 50)", type: .updated) }
                    )
                    await effects.reaches(1_000)
                }
                try await desk.transport.publish(
                    (1_001...2_000).map { Desk.event($0, user: "user-\($0 % 50)", type: .updated) }
                )
                await effects.reaches(2_000)
            }
            #expect(effects.events.count == 2_000)
        }
    }

    @Test func `each event arrives though brokers fall and leaders move`() async throws {
        try await Desk.with { desk in
            let handler = RecordingHandler(topics: [.taskEvents])
            try await desk.consuming(handler) {
                for round in 0..<20 {
                    try disturb(desk.cluster, round)
                    let range = Int64(round * 500)..<Int64(round * 500 + 500)
                    try await desk.transport.publish(
                        range.map { Desk.event($0, user: "user-\($0 % 200)", type: .updated) }
                    )
                }
                for broker in 1...3 { try desk.cluster.tell("up \(broker)") }
                await handler.reaches(10_000)
            }
            #expect(handler.events.count == 10_000)
        }
    }

    /// One broker at a time is down, with its leaderships moved elsewhere, and errors come too.
    private func disturb(_ cluster: MockCluster, _ round: Int) throws {
        let (fallen, leader) = (round % 3 + 1, (round + 1) % 3 + 1)
        for broker in 1...3 where broker != fallen { try cluster.tell("up \(broker)") }
        for partition in 0..<3 { try cluster.tell("leader task-events \(partition) \(leader)") }
        for partition in 0..<3 { try cluster.tell("leader task-updates \(partition) \(leader)") }
        try cluster.tell("down \(fallen)")
        let codes = [[6], [19, 7], [45], [-195]][round % 4]
        try cluster.fail(.produce, with: codes)
    }
}
