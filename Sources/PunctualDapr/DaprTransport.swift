// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
package import Logging
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
package import PunctualCore
internal import Synchronization

/// Where the sidecar is, and what it is asked for.
package struct DaprSettings: Sendable {
    /// The sidecar's address, such as `http://127.0.0.1:3500`.
    package var endpoint: String
    /// What the sidecar wants as `dapr-api-token`; nil for nothing.
    package var token: String?
    /// The name of the pub/sub component.
    package var pubsub = "kafka-pubsub"

    /// Creates settings for the sidecar at an address.
    package init(endpoint: String) { self.endpoint = endpoint }
}

/// Why the sidecar did not take events; they are offered again.
package struct DaprError: Error, Sendable, CustomStringConvertible {
    /// What the sidecar said, or that it said nothing.
    package let description: String
}

/// Publishes events through a Dapr sidecar, in bulk (`POST /v1.0/publish/bulk/…`).
///
/// Each event is a CloudEvent with an id of its own, which Dapr keeps, so that whoever consumes it
/// can tell a repeat. When the sidecar took some of a batch and not the others, only the others are
/// offered again.
package final class DaprTransport: Transport {
    /// The most events in one request.
    static let maximumBulk = 100
    /// How long one request may take.
    static let timeout = TimeAmount.seconds(10)
    /// Bytes of an answer at most.
    static let maximumAnswer = 1 << 20

    private struct Key: Hashable {
        let id: EventID
        let topic: Topic
    }
    private let settings: DaprSettings
    private let logger: Logger
    private let accepted = Mutex<Set<Key>>([])
    private let isAway = Atomic<Bool>(false)
    private let awayGauge = Gauge(label: "punctual_dapr_away")

    /// Creates a transport; nothing is sent yet.
    package init(_ settings: DaprSettings, logger: Logger) {
        (self.settings, self.logger) = (settings, logger)
        awayGauge.record(0)
    }

    /// Why nothing can be published just now; nil when all is well.
    package var problem: String? {
        isAway.load(ordering: .relaxed)
            ? "the Dapr sidecar does not take events; they wait in the outbox" : nil
    }

    package func publish(_ batch: [ReleasedEvent]) async throws {
        do {
            for topic in Topic.allCases where topic != .engine {
                let events = batch.filter { $0.type.isPublished(to: topic) }
                try await publish(events, to: topic)
            }
        } catch {
            note(isAway: true)
            throw error
        }
        note(isAway: false)
        accepted.withLock { accepted in
            guard !accepted.isEmpty else { return }
            for event in batch {
                for topic in Topic.allCases { accepted.remove(Key(id: event.id, topic: topic)) }
            }
        }
    }

    private func publish(_ events: [ReleasedEvent], to topic: Topic) async throws {
        let open = accepted.withLock { accepted in
            events.filter { !accepted.contains(Key(id: $0.id, topic: topic)) }
        }
        for start in stride(from: 0, to: open.count, by: Self.maximumBulk) {
            let part = open[start..<min(start + Self.maximumBulk, open.count)]
            let refused = try await send(part, to: topic)
            let taken = part.filter { refused[$0.id.description] == nil }
            accepted.withLock { $0.formUnion(taken.map { Key(id: $0.id, topic: topic) }) }
            if let reason = refused.values.first {
                throw DaprError(description: "\(refused.count) events were refused: \(reason)")
            }
        }
    }

    /// Sends one request.
    ///
    /// - Returns: the reasons for those that were not taken, by event id.
    private func send(
        _ events: ArraySlice<ReleasedEvent>,
        to topic: Topic
    ) async throws -> [String: String] {
        var request = HTTPClientRequest(
            url: "\(settings.endpoint)/v1.0/publish/bulk/\(settings.pubsub)/\(topic.rawValue)"
        )
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let token = settings.token { request.headers.add(name: "dapr-api-token", value: token) }
        request.body = .bytes(ByteBuffer(string: Self.body(of: events)))
        let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
        let answer = try await response.body.collect(upTo: Self.maximumAnswer)
        if (200..<300).contains(response.status.code) { return [:] }
        return try Self.refusals(
            Array(answer.readableBytesView),
            status: Int(response.status.code)
        )
    }

    private static func body(of events: ArraySlice<ReleasedEvent>) -> String {
        var writer = JSONWriter()
        writer.array { writer in
            for event in events {
                writer.object { writer in
                    writer.member("entryId", event.id.description)
                    writer.name("event")
                    writer.raw(CloudEvent.envelope(event))
                    writer.member("contentType", CloudEvent.mediaType)
                    writer.name("metadata")
                    // Events of one user keep their order: they share a partition.
                    writer.object { $0.member("partitionKey", event.userID) }
                }
            }
        }
        return writer.text
    }

    /// The entries that an answer of failure names: the others were published all the same.
    private static func refusals(
        _ answer: [UInt8],
        status: Int
    ) throws -> [String: String] {
        let text = String(decoding: answer.prefix(300), as: UTF8.self)
        // A token that is wrong is answered in plain text; then none was taken.
        guard let value = try? JSONReader.read(answer),
            case .array(let entries) = value["failedEntries"], !entries.isEmpty
        else { throw DaprError(description: "the sidecar answered \(status): \(text)") }
        var refused: [String: String] = [:]
        for entry in entries {
            guard case .string(let id) = entry["entryId"] else { continue }
            let reason: String = if case .string(let text) = entry["error"] { text } else { "" }
            refused[id] = reason
        }
        return refused
    }

    private func note(isAway away: Bool) {
        guard isAway.exchange(away, ordering: .relaxed) != away else { return }
        awayGauge.record(away ? 1 : 0)
        if !away { logger.notice("the Dapr sidecar takes events again") }
    }
}
