// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Logging
internal import PunctualCore
internal import PunctualHTTP

/// How messages are written to standard error.
enum LogFormat: String, CaseIterable, Sendable {
    /// A line that people read.
    case text
    /// A line of JSON that programs read, see ``JSONLogHandler``.
    case json

    /// What suits whoever reads standard error: text on a terminal, otherwise JSON.
    static var suitable: LogFormat { isatty(STDERR_FILENO) == 1 ? .text : .json }

    /// Lets every logger of the process write so; to be called once.
    func install(level: Logger.Level) {
        let provider = Logger.MetadataProvider { TraceContext.current?.metadata ?? [:] }
        LoggingSystem.bootstrap(
            { label, provider in
                var handler: any LogHandler =
                    switch self {
                    case .json: JSONLogHandler(label: label, metadataProvider: provider)
                    case .text:
                        StreamLogHandler.standardError(label: label, metadataProvider: provider)
                    }
                handler.logLevel = level
                return handler
            },
            metadataProvider: provider
        )
    }
}

extension SettingsReader {
    /// The format that is configured, or else the suitable one.
    ///
    /// - Throws: ``CommandError`` for a name that is no format.
    func logFormat() throws -> LogFormat {
        guard let text = text(.logFormat) else { return .suitable }
        guard let format = LogFormat(rawValue: text) else {
            throw refusal(.logFormat, "text or json")
        }
        return format
    }
}
