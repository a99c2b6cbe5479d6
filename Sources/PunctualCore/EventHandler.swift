// SPDX-License-Identifier: Apache-2.0

/// What a consumer does with events, whichever transport brought them.
package protocol EventHandler: Sendable {
    /// Its name: the role, the end of its consumer group, and its name in `consumed`.
    var name: String { get }
    /// The topics it listens to; never ``Topic/engine``.
    var topics: Set<Topic> { get }
    /// Handles a batch durably: when this returns, a crash loses nothing of it.
    ///
    /// It is idempotent by event id, because every transport repeats. Events of one user come in
    /// the order of their release.
    ///
    /// - Throws: ``PoisonEvent`` for one that can never be handled, of which the others are not to
    ///   suffer; anything else when the whole batch is to be given again, later.
    func handle(_ batch: [ReleasedEvent]) async throws
}

/// An event that can never be handled, however often it is tried.
package struct PoisonEvent: Error, Sendable {
    /// The event; the ones before it in the batch have been handled.
    package let id: EventID
    /// Why, in words for the operator.
    package let reason: String

    /// Creates an error from its parts.
    package init(_ id: EventID, reason: String) { (self.id, self.reason) = (id, reason) }
}
