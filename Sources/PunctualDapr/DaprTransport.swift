// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP1
package import PunctualCore
internal import Synchronization

/// Publishes events through a Dapr sidecar, in bulk (`POST /v1.0/publish/bulk/…`).
///
/// Each event is a CloudEvent with an id of its own, which Dapr keeps, so that whoever consumes it
/// can tell a repeat. When the sidecar took some of a batch and not the others, only the others are
/// offered again.
package final class DaprTransport: Transport {
    /// The most events in one request.
    static let maximumBulk = 100

    private struct Key: Hashable {
        let id: EventID
        let topic: Topic
    }
    private let sidecar: DaprSidecar
    private let accepted = Mutex<Set<Key>>([])

    /// Creates a transport; nothing is sent yet.
    package init(_ sidecar: DaprSidecar) { self.sidecar = sidecar }

    /// Why nothing can be published just now; nil when all is well.
    package var problem: String? { sidecar.problem(with: .publish) }

    package func publish(_ batch: [ReleasedEvent]) async throws {
        do {
            var refused: [String: String] = [:]
            for topic in Topic.allCases where topic != .engine {
                let events = batch.filter { $0.type.isPublished(to: topic) }
                refused.merge(try await publish(events, to: topic)) { $1 }
            }
            if let reason = refused.values.first {
                throw DaprError(description: "\(refused.count) events were refused: \(reason)")
            }
        } catch {
            sidecar.note(
                "the Dapr sidecar does not take events; they wait in the outbox",
                with: .publish
            )
            throw error
        }
        sidecar.note(nil, with: .publish)
        accepted.withLock { accepted in
            guard !accepted.isEmpty else { return }
            for event in batch {
                for topic in Topic.allCases { accepted.remove(Key(id: event.id, topic: topic)) }
            }
        }
    }

    /// Publishes what has not been taken yet; what is refused holds up nothing else.
    ///
    /// - Returns: the reasons for those that were not taken, by event id.
    private func publish(
        _ events: [ReleasedEvent],
        to topic: Topic
    ) async throws -> [String: String] {
        var refused: [String: String] = [:]
        let open = accepted.withLock { accepted in
            events.filter { !accepted.contains(Key(id: $0.id, topic: topic)) }
        }
        for start in stride(from: 0, to: open.count, by: Self.maximumBulk) {
            let part = open[start..<min(start + Self.maximumBulk, open.count)]
            let reasons = try await send(part, to: topic)
            let taken = part.filter { reasons[$0.id.description] == nil }
            accepted.withLock { $0.formUnion(taken.map { Key(id: $0.id, topic: topic) }) }
            refused.merge(reasons) { $1 }
        }
        return refused
    }

    /// Sends one request.
    ///
    /// - Returns: the reasons for those that were not taken, by event id.
    private func send(
        _ events: ArraySlice<ReleasedEvent>,
        to topic: Topic
    ) async throws -> [String: String] {
        let answer = try await sidecar.send(
            .POST,
            "/v1.0/publish/bulk/\(sidecar.settings.pubsub)/\(topic.rawValue)",
            api: .publish,
            body: Self.body(of: events)
        )
        return answer.isSuccess ? [:] : try Self.refusals(answer)
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
    private static func refusals(_ answer: DaprAnswer) throws -> [String: String] {
        // A token that is wrong is answered in plain text; then none was taken.
        guard let value = try? JSONReader.read(answer.body),
            case .array(let entries) = value["failedEntries"], !entries.isEmpty
        else {
            throw DaprError(
                description: "the sidecar answered \(answer.status): \(answer.excerpt)"
            )
        }
        var refused: [String: String] = [:]
        for entry in entries {
            guard case .string(let id) = entry["entryId"] else { continue }
            let reason: String = if case .string(let text) = entry["error"] { text } else { "" }
            refused[id] = reason
        }
        return refused
    }
}
