// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Why a test cannot go on: something that it waited for did not come, or came broken.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
}

/// Waits until `condition` holds, and fails when it does not `within` the time given.
///
/// It looks every 20 ms, for what it waits for happens in another process (in a server or its
/// database), which tells nobody here about it. What this process can be told of is awaited.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let start = ContinuousClock.now
    while try await !condition() {
        guard ContinuousClock.now - start < limit else {
            throw TestFailure(description: "not within \(limit): \(what)")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Runs what blocks on a thread of its own, so that nothing else has to wait for it.
func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
