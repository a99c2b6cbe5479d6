// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct CloudEventTests {
    private let shards = ShardMap(count: 64)
    private let event = StagedEvent(
        key: OutboxKey(shard: 3, sourceID: 7, nominal: CivilDateTime(secondsSinceEpoch: 0)),
        type: .reminderDue,
        taskID: 42,
        userID: "ana",
        due: WallInstant(microsecondsSinceEpoch: 1_000_000),
        payload: #"{"event_type":"reminder.due","task_id":42,"user_id":"ana","title":"\"ü\\"}"#,
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    ).released(at: WallInstant(microsecondsSinceEpoch: 1_000_250))

    @Test func `reads from the wire what it wrote`() throws {
        let text = CloudEvent.envelope(event)
        let read = try CloudEvent.read(Array(text.utf8), shards: shards)
        #expect(read.id == event.id)
        #expect(read.type == .reminderDue)
        #expect(read.taskID == 42)
        #expect(read.userID == "ana")
        #expect(read.key.shard == shards.shard(of: "ana"))
        #expect(read.timestamp == event.timestamp)
        #expect(read.json == event.json)
        #expect(text.hasPrefix(#"{"specversion":"1.0","id":"\#(event.id)""#))
        #expect(text.contains(#""type":"punctual.reminder.due","subject":"42""#))
        #expect(text.contains(#""traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-"#))
        #expect(read.traceparent == event.traceparent)
        let forged = text.replacing("00-4bf9", with: "00-4BF9")
        #expect(try CloudEvent.read(Array(forged.utf8), shards: shards).traceparent == nil)
    }

    @Test func `reads a bare event`() throws {
        #expect(try CloudEvent.read(Array(event.json.utf8), shards: shards).id == event.id)
    }

    @Test(arguments: [
        ("x", ""), ("[]", "/event_id"), (#"{"specversion":"1.0","data":7}"#, "/event_id"),
        (#"{"event_id":"7"}"#, "/event_id"),
    ])
    func `says what is wrong with what is no event`(text: String, pointer: String) {
        #expect {
            try CloudEvent.read(Array(text.utf8), shards: shards)
        } throws: { error in
            let problem = error as? Problem
            return problem?.code == .invalid && problem?.fields.first?.pointer ?? "" == pointer
        }
    }
}
