// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import Synchronization

/// What one client has still to be sent, bounded, between those who publish and the one who sends.
///
/// Publishing appends, and hands everything to the waiting client in one step with `flush`.
final class UpdateBuffer: Sendable {
    /// The most that a buffer holds.
    struct Limit: Sendable {
        var events: Int
        var bytes: Int
    }
    fileprivate struct State {
        var messages: [UpdateMessage] = []
        var bytes = 0
        var isEnded = false
        var waiter: CheckedContinuation<[UpdateMessage]?, Never>?
    }
    private let state = Mutex(State())
    private let limit: Limit
    private let types: Set<EventType>

    /// Creates the buffer of a client that follows `topics`.
    init(topics: Set<Topic>, limit: Limit) {
        self.limit = limit
        types = Set(
            EventType.allCases.filter { type in topics.contains { type.isPublished(to: $0) } }
        )
    }

    /// Whether the client follows events of this type.
    func takes(_ type: EventType) -> Bool { types.contains(type) }

    /// Appends an event; one that does not fit ends the stream instead.
    ///
    /// - Returns: whether `flush` must follow.
    func append(_ event: ReleasedEvent) -> Bool {
        guard takes(event.type) else { return false }
        return state.withLock { state in
            guard !state.isEnded else { return false }
            let bytes = state.bytes + event.json.utf8.count
            if state.messages.count < limit.events, bytes <= limit.bytes {
                state.messages.append(.event(event))
                state.bytes = bytes
            } else {
                (state.messages, state.bytes, state.isEnded) = ([], 0, true)
            }
            return state.waiter != nil
        }
    }

    /// Hands over what there is, if the client is waiting.
    func flush() {
        let handover = state.withLock { state in
            // Nothing to hand over means that another flush has done it.
            guard let waiter = state.waiter, !state.messages.isEmpty || state.isEnded
            else { return nil as (CheckedContinuation<[UpdateMessage]?, Never>, [UpdateMessage]?)? }
            state.waiter = nil
            return (waiter, state.take())
        }
        handover?.0.resume(returning: handover?.1)
    }

    /// Waits for messages; nil when the stream has ended and everything was handed over.
    func next() async -> [UpdateMessage]? {
        if let ready = state.withLock({ $0.take() }) { return ready }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> [UpdateMessage]?? in
                    if let messages = state.take() { return .some(messages) }
                    // There is one client; a second one would wait for ever.
                    if state.isEnded || state.waiter != nil { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            end()
        }
    }

    /// Ends the stream after what there is.
    func end() {
        state.withLock { $0.isEnded = true }
        flush()
    }
}

extension UpdateBuffer.State {
    fileprivate mutating func take() -> [UpdateMessage]? {
        guard !messages.isEmpty else { return nil }
        defer { (messages, bytes) = ([], 0) }
        return messages
    }
}
