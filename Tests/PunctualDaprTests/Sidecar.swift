// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Stands in for daprd where it takes events in bulk, and fails on what the contract does not allow.
final class Sidecar: Sendable {
    struct Published: Sendable {
        let topic: String
        let id: String
    }
    private struct State {
        var published: [Published] = []
        var violations: [String] = []
        var refused: Set<String> = []
    }
    private let state = Mutex(State())
    private let token: String?

    init(token: String?) { self.token = token }

    var published: [Published] { state.withLock { $0.published } }
    var violations: [String] { state.withLock { $0.violations } }

    /// Refuses events of these ids from now on, as a broker might.
    func refuse(_ ids: Set<String>) { state.withLock { $0.refused = ids } }

    /// Runs `body` with the address of the sidecar.
    func serving(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let router = Router()
        let tokenField = HTTPField.Name("dapr-api-token")
        router.post("/v1.0/publish/bulk/kafka-pubsub/{topic}") { [self] request, context in
            let given = tokenField.flatMap { request.headers[$0] }
            guard token == nil || given == token else {
                return Response(
                    status: .unauthorized,
                    body: .init(byteBuffer: ByteBuffer(string: "invalid api token"))
                )
            }
            let bytes = try await request.body.collect(upTo: 4 << 20)
            return take(Data(bytes.readableBytesView), topic: context.parameters.get("topic") ?? "")
        }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "sidecar")
        logger.logLevel = .critical
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await port in ports {
                try await body("http://127.0.0.1:\(port)")
                break
            }
            group.cancelAll()
        }
    }

    private func take(_ body: Data, topic: String) -> Response {
        let parsed = try? JSONSerialization.jsonObject(with: body)
        guard let entries = parsed as? [[String: Any]], !entries.isEmpty else {
            return violation("the body is no list of entries")
        }
        var failed: [[String: String]] = []
        var seen: Set<String> = []
        for entry in entries {
            guard let id = entry["entryId"] as? String, seen.insert(id).inserted else {
                return violation("an entryId is missing or not unique")
            }
            guard entry["contentType"] as? String == "application/cloudevents+json",
                let event = entry["event"] as? [String: Any],
                event["specversion"] as? String == "1.0", event["id"] is String,
                event["type"] is String, event["source"] is String, event["data"] != nil,
                (entry["metadata"] as? [String: String])?["partitionKey"] != nil
            else { return violation("entry \(id) is no CloudEvent with a key") }
            let isRefused = state.withLock { state in
                if state.refused.contains(id) { return true }
                state.published.append(Published(topic: topic, id: id))
                return false
            }
            if isRefused { failed.append(["entryId": id, "error": "broker down"]) }
        }
        guard !failed.isEmpty else { return Response(status: .noContent) }
        let answer: [String: Any] = [
            "failedEntries": failed, "errorCode": "ERR_PUBSUB_PUBLISH_MESSAGE",
        ]
        let text = (try? JSONSerialization.data(withJSONObject: answer)) ?? Data()
        return Response(
            status: .internalServerError,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: text))
        )
    }

    private func violation(_ text: String) -> Response {
        state.withLock { $0.violations.append(text) }
        return Response(status: .badRequest)
    }
}
