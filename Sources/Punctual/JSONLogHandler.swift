// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Logging
internal import PunctualCore
internal import PunctualLoop
internal import PunctualTime

/// Writes each message as one line of JSON to standard error, for programs that collect logs.
///
/// Members: `time` (RFC 3339), `level`, `logger`, `source` (the module), `message`, `error`,
/// `trace_id` and `span_id` of the request that it belongs to, and `metadata`, an object with
/// whatever else there is.
struct JSONLogHandler: LogHandler {
    /// What is lifted out of the metadata, because collectors look for it at the top.
    private static let lifted = ["trace_id", "span_id"]

    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let now = WallInstant(microsecondsSinceEpoch: Clocks.realtimeMicroseconds())
        Self.write(Array(line(event, at: now).utf8))
    }

    /// The line of a message, with its end.
    func line(_ event: LogEvent, at time: WallInstant) -> String {
        let provided = metadataProvider?.get() ?? [:]
        let all = metadata.merging(provided) { $1 }.merging(event.metadata ?? [:]) { $1 }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("time", time)
            writer.member("level", event.level.rawValue)
            writer.member("logger", label)
            writer.member("source", event.source)
            writer.member("message", event.message.description)
            if let error = event.error { writer.member("error", "\(error)") }
            for key in Self.lifted { if let value = all[key] { writer.member(key, "\(value)") } }
            let others = all.filter { !Self.lifted.contains($0.key) }
            if !others.isEmpty {
                writer.name("metadata")
                writer.value(.dictionary(others))
            }
        }
        return writer.text + "\n"
    }

    /// Writes all of a line; a standard error that is closed takes nothing, which is no failure.
    private static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: reads the bytes for the duration of the call.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(2, $0.baseAddress, $0.count)
            }
            guard count > 0 || (count < 0 && errno == EINTR) else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}

extension JSONWriter {
    /// Writes metadata of a message, the names of an object in order.
    fileprivate mutating func value(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): string(text)
        case .stringConvertible(let other): string(other.description)
        case .array(let values):
            array { writer in for element in values { writer.value(element) } }
        case .dictionary(let values):
            object { writer in
                for (key, element) in values.sorted(by: { $0.key < $1.key }) {
                    writer.name(key)
                    writer.value(element)
                }
            }
        }
    }
}
