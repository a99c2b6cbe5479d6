// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop

/// A command as it is handed to libpq: its parameters in one buffer, encoded by the caller.
struct EncodedCommand: Sendable {
    /// The most parameters that the protocol can count.
    static let maximumParameters = 65_535

    let statement: PostgresStatement
    let types: [UInt32]
    /// -1 for NULL, as in the protocol.
    let lengths: [Int]
    let bytes: [UInt8]

    init(_ statement: PostgresStatement, _ parameters: [PostgresValue]) throws(PostgresError) {
        guard parameters.count <= Self.maximumParameters else {
            throw PostgresError(.misuse, "more than \(Self.maximumParameters) parameters")
        }
        self.statement = statement
        types = parameters.map(\.type.rawValue)
        lengths = parameters.map { $0.bytes?.count ?? -1 }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lengths.reduce(1) { $0 + max(0, $1) })
        for parameter in parameters {
            if let value = parameter.bytes { bytes.append(contentsOf: value) }
        }
        self.bytes = bytes
    }

    static func all(_ commands: [PostgresCommand]) throws(PostgresError) -> [EncodedCommand] {
        var encoded: [EncodedCommand] = []
        for command in commands {
            encoded.append(try EncodedCommand(command.statement, command.parameters))
        }
        return encoded
    }
}

/// What a caller waits for: commands in one implicit transaction, a script, or a COPY.
@safe
final class PostgresRequest: @unchecked Sendable {
    // @unchecked: the mutable properties are touched only on the loop's thread.

    enum Work: Sendable {
        /// Sent in a pipeline, followed by one Sync: all of them take effect, or none.
        case commands([EncodedCommand])
        /// Sent by the simple protocol, alone on its connection.
        case script(String)
        /// COPY … FROM STDIN and the data for it, alone on its connection.
        case copy(String, [UInt8])
    }

    let work: Work
    /// The session it belongs to, or nil if any connection will do.
    let session: PostgresSession?
    /// Whether to send it even if the task is cancelled, as a ROLLBACK must be.
    let ignoresCancellation: Bool
    private var continuation: UnsafeContinuation<[PostgresResult], any Error>?

    /// When the wait for a connection began, on the monotonic clock.
    var waitingSince: UInt64 = 0
    var isCancelled = false
    /// Whether it was sent anew, after a stale plan or as the victim of another's cancellation.
    var isRepeated = false

    init(_ work: Work, session: PostgresSession? = nil, ignoresCancellation: Bool = false) {
        self.work = work
        self.session = session
        self.ignoresCancellation = ignoresCancellation
    }

    func attach(_ continuation: UnsafeContinuation<[PostgresResult], any Error>) {
        // SAFETY: resumed exactly once, by `finish`, which forgets it.
        unsafe self.continuation = continuation
    }

    func finish(_ result: Result<[PostgresResult], PostgresError>) {
        // SAFETY: see `attach`.
        guard let continuation = unsafe continuation else { return }
        unsafe self.continuation = nil
        switch result {
        case .success(let results): unsafe continuation.resume(returning: results)
        case .failure(let error): unsafe continuation.resume(throwing: error)
        }
    }
}
