// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

extension [ReleasedEvent] {
    /// Hands all to `body`, and when one of them can never be handled, each by itself.
    ///
    /// - Throws: ``PoisonEvent`` for the first that is to blame, after those before it were handled.
    func handled(by body: ([ReleasedEvent]) async throws -> Void) async throws {
        guard !isEmpty else { return }
        do {
            try await body(self)
        } catch is RejectedEvents {
            for event in self {
                do {
                    try await body([event])
                } catch let error as RejectedEvents {
                    throw PoisonEvent(event.id, reason: error.reason)
                }
            }
        }
    }
}
