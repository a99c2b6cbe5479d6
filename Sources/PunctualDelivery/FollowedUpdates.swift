// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import Synchronization

/// One client's stream: what it missed, if it resumes, and then what is released.
final class FollowedUpdates: UpdateStream {
    private let buffer: UpdateBuffer
    private let onEnd: @Sendable () -> Void
    /// Nil from the moment at which no repeat is to be expected any more.
    private let replay: Mutex<UpdateReplay?>

    init(buffer: UpdateBuffer, replay: UpdateReplay?, onEnd: @escaping @Sendable () -> Void) {
        (self.buffer, self.onEnd) = (buffer, onEnd)
        self.replay = Mutex(replay)
    }

    deinit { cancel() }

    func next() async -> [UpdateMessage]? {
        while let replay = replay.withLock({ $0 }) {
            let messages: [UpdateMessage]?
            if replay.isReading {
                messages = await readOn(replay)
            } else {
                messages = await buffer.next().map(removeRepeats)
            }
            // Nothing but repeats is nothing to wake a client for.
            if messages?.isEmpty != true { return messages }
        }
        return await buffer.next()
    }

    func cancel() {
        buffer.end()
        onEnd()
    }

    /// Reads the next page; the stream ends if that fails, and the client resumes.
    private func readOn(_ replay: UpdateReplay) async -> [UpdateMessage]? {
        var replay = replay
        do {
            let messages = try await replay.nextMessages(
                types: { [buffer] in buffer.takes($0) })
            self.replay.withLock { $0 = replay }
            return messages
        } catch {
            cancel()
            return nil
        }
    }

    private func removeRepeats(_ messages: [UpdateMessage]) -> [UpdateMessage] {
        replay.withLock { replay in
            guard let sent = replay else { return messages }
            let new = messages.filter { !sent.hasSent($0) }
            if let last = messages.last, sent.isBehind(last) { replay = nil }
            return new
        }
    }
}
