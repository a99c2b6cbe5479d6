// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Logging
internal import PunctualCore
internal import PunctualDapr
internal import PunctualKafka
internal import PunctualPostgres
internal import PunctualStore

/// Lends the configured transport for as long as `body` runs.
///
/// - Parameters:
///   - configuration: what the server is configured by.
///   - local: the transport of processes that follow `event_log`.
///   - pool: the database, whose loop a transport may run on.
///   - body: sends.
/// - Throws: what `body` throws.
func withReplayTransport(
    _ configuration: ServeConfiguration,
    local: PostgresReplay,
    pool: PostgresPool,
    _ body: (any Transport) async throws -> Void
) async throws {
    switch configuration.transport {
    case .local:
        try await body(local)
    case .kafka(let settings):
        let logger = Logger(label: "punctual")
        let kafka = try KafkaParts(settings, loop: pool.loop, logger: logger)
        do { try await body(kafka.transport) } catch {
            await kafka.producer.stop()
            throw error
        }
        await kafka.producer.stop()
    case .dapr(let settings):
        let logger = Logger(label: "punctual")
        try await body(DaprTransport(DaprSidecar(settings, logger: logger)))
    }
}

/// Writes a line to standard error.
func standardError(_ line: String) {
    var bytes = Array((line + "\n").utf8)
    // SAFETY: the pointer is to that many bytes, for the duration of the call.
    unsafe bytes.withUnsafeMutableBytes {
        _ = unsafe write(STDERR_FILENO, $0.baseAddress, $0.count)
    }
}
