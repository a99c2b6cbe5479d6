// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop
internal import Synchronization

/// Runs `body` with a loop that is shut down afterwards, whatever happens.
nonisolated(nonsending) func withLoop<Value>(
    _ body: (LoopExecutor) async throws -> Value
) async throws -> Value {
    let loop = try LoopExecutor(name: "test")
    do {
        let value = try await body(loop)
        await loop.shutdown()
        return value
    } catch {
        await loop.shutdown()
        throw error
    }
}

/// Values that a callback reports, in order, to a test that waits for them.
final class Recorder<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func record(_ value: Value) { continuation.yield(value) }

    /// The next `count` values.
    func next(_ count: Int) async -> [Value] {
        var values: [Value] = []
        for await value in stream {
            values.append(value)
            if values.count == count { break }
        }
        return values
    }
}
