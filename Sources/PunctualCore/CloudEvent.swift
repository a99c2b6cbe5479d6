// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// An event on the wire: the `data` of a CloudEvents 1.0 envelope in structured JSON.
///
/// It is the one form that a plain Kafka consumer, a CloudEvents library and a Dapr subscriber all
/// read (CloudEvents 1.0 §3.1, JSON event format §3).
package enum CloudEvent {
    /// The media type of the envelope.
    package static let mediaType = "application/cloudevents+json"
    /// What starts the `type` of every event.
    package static let typePrefix = "punctual."

    /// The envelope around a bare event, with the W3C Trace Context of what caused it, if it is
    /// known (CloudEvents' extension for distributed tracing).
    package static func envelope(_ event: ReleasedEvent) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("specversion", "1.0")
            writer.member("id", event.id.description)
            writer.member("source", "punctual")
            writer.member("type", typePrefix + event.type.rawValue)
            writer.member("subject", event.taskID.map(String.init) ?? event.userID)
            writer.member("time", event.timestamp)
            writer.member("datacontenttype", "application/json")
            if let trace = event.traceparent { writer.member("traceparent", trace) }
            writer.name("data")
            writer.raw(event.json)
        }
        return writer.text
    }

    /// The event that came off the wire: in an envelope of structured JSON, or bare.
    ///
    /// - Throws: a ``Problem`` that says what is missing or wrong.
    package static func read(
        _ bytes: [UInt8],
        shards: ShardMap
    ) throws(Problem) -> ReleasedEvent {
        let value: JSONValue
        do { value = try JSONReader.read(bytes) } catch {
            throw Problem(.invalid, "the message is not JSON: \(error.reason)")
        }
        var traceparent: String?
        if case .string(let text) = value["traceparent"] { traceparent = TraceContext.valid(text) }
        let event = value["specversion"] == nil ? value : value["data"] ?? .null
        func text(_ name: String) throws(Problem) -> String {
            guard case .string(let text) = event[name] else {
                throw Problem.invalid("/\(name)", "must be a string")
            }
            return text
        }
        guard let id = EventID(try text("event_id")) else {
            throw Problem.invalid("/event_id", "must be a UUID")
        }
        guard let type = EventType(rawValue: try text("event_type")) else {
            throw Problem.invalid("/event_type", "must be a type of Punctual's")
        }
        guard let timestamp = try? WallInstant(rfc3339: try text("timestamp")) else {
            throw Problem.invalid("/timestamp", "must be an RFC 3339 time")
        }
        let userID = try text("user_id")
        let taskID: Int64? = if case .integer(let id) = event["task_id"] { id } else { nil }
        return ReleasedEvent(
            // Which outbox row an event came from is not on the wire: nobody there asks.
            key: OutboxKey(
                shard: shards.shard(of: userID),
                sourceID: 0,
                nominal: CivilDateTime(secondsSinceEpoch: 0)
            ),
            id: id,
            type: type,
            taskID: taskID,
            userID: userID,
            timestamp: timestamp,
            json: event.text,
            traceparent: traceparent
        )
    }
}
