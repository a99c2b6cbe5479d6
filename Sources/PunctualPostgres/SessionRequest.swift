// SPDX-License-Identifier: Apache-2.0

/// A caller that waits for a connection of its own.
@safe
final class SessionRequest: @unchecked Sendable {
    // @unchecked: touched only on the loop's thread.

    private var continuation: UnsafeContinuation<PostgresSession, any Error>?
    var waitingSince: UInt64 = 0
    var isCancelled = false

    func attach(_ continuation: UnsafeContinuation<PostgresSession, any Error>) {
        // SAFETY: resumed exactly once, by `finish`, which forgets it.
        unsafe self.continuation = continuation
    }

    func finish(_ result: Result<PostgresSession, PostgresError>) {
        // SAFETY: see `attach`.
        guard let continuation = unsafe continuation else { return }
        unsafe self.continuation = nil
        switch result {
        case .success(let session): unsafe continuation.resume(returning: session)
        case .failure(let error): unsafe continuation.resume(throwing: error)
        }
    }
}
