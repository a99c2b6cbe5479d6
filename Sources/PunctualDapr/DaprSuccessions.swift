// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP1
package import PunctualCore

/// Asks the API for the next occurrence of a completed task, by Dapr's service invocation.
///
/// The API looks the task up itself, so that asking twice, or for a task that is not completed,
/// does nothing.
package struct DaprSuccessions: SuccessionKeeper {
    /// The route of the API that is called.
    package static let path = "dapr/successions"

    private let sidecar: DaprSidecar
    private let appID: String

    /// Creates it for the API that is the application `appID` of Dapr.
    package init(_ sidecar: DaprSidecar, appID: String) {
        (self.sidecar, self.appID) = (sidecar, appID)
    }

    package func succeed(
        _ pending: PendingSuccession,
        knownTo store: any ConsumerStore
    ) async throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("user_id", pending.userID)
            writer.member("task_id", pending.taskID)
        }
        let answer = try await sidecar.send(
            .POST,
            "/v1.0/invoke/\(appID)/method/\(Self.path)",
            api: .invoke,
            body: writer.text
        )
        guard answer.isSuccess else {
            throw DaprError(
                description: "\(appID) answered \(answer.status) by the sidecar: \(answer.excerpt)"
            )
        }
    }
}
