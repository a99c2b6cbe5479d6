// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import PunctualLoop

#if canImport(Glibc)
private import Glibc
#endif

/// A connection of libpq on its way from the thread that opened it to the loop.
@safe
private struct OpenedConnection: @unchecked Sendable {
    // @unchecked: handed over once; nobody else knows the pointer.
    let pointer: OpaquePointer
}

extension PostgresConnection {
    /// Opens a connection and calls `then` with it on the loop.
    ///
    /// It is opened on a thread of its own, because name resolution, the password file and the
    /// TLS handshake would all hold up the loop; from then on nothing about it blocks.
    static func open(
        _ parameters: ConnectionParameters,
        loop: LoopExecutor,
        then: @escaping @Sendable (Result<PostgresConnection, PostgresError>) -> Void
    ) {
        do {
            try loop.runBlocking {
                connect(parameters)
            } then: { opened in
                then(opened.flatMap { adopt($0, loop: loop) })
            }
        } catch {
            then(.failure(PostgresError(.unreachable, error.description)))
        }
    }

    private static func connect(
        _ parameters: ConnectionParameters
    ) -> Result<OpenedConnection, PostgresError> {
        // SAFETY: libpq copies the strings, which are freed afterwards; the arrays end with NULL.
        let keywords = unsafe parameters.keywords.map { unsafe UnsafePointer(strdup($0)) } + [nil]
        let values = unsafe parameters.values.map { unsafe UnsafePointer(strdup($0)) } + [nil]
        defer {
            unsafe (keywords + values).forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) }
        }
        guard let pointer = unsafe PQconnectdbParams(keywords, values, 1) else {
            return .failure(PostgresError(.unreachable, "out of memory"))
        }
        return unsafe .success(OpenedConnection(pointer: pointer))
    }

    private static func adopt(
        _ opened: OpenedConnection,
        loop: LoopExecutor
    ) -> Result<PostgresConnection, PostgresError> {
        // SAFETY: the connection belongs to this function until it is wrapped or finished.
        let pointer = unsafe opened.pointer
        unsafe punctual_silence_notices(pointer)
        guard unsafe PQstatus(pointer) == CONNECTION_OK,
            unsafe PQsetnonblocking(pointer, 1) == 0,
            unsafe PQenterPipelineMode(pointer) == 1
        else {
            var error = PostgresError.unreachable
            error.serverMessage = unsafe String(cString: PQerrorMessage(pointer))
            unsafe PQfinish(pointer)
            return .failure(error)
        }
        return unsafe .success(PostgresConnection(owning: pointer, loop: loop))
    }
}
