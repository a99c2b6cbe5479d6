// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import PunctualCore

/// Writes messages in the format of Server-Sent Events (WHATWG HTML §9.2).
///
/// An event is one line of JSON already, so that nothing has to be split or escaped.
struct ServerSentEvents {
    private(set) var buffer = ByteBuffer()

    /// Writes a message: its type, its cursor and the bare event.
    mutating func write(_ message: UpdateMessage) {
        switch message {
        case .event(let event):
            buffer.writeString("event: \(event.type.rawValue)\nid: \(event.cursor)\ndata: ")
            buffer.writeString(event.json)
            buffer.writeStaticString("\n\n")
        case .reset: buffer.writeStaticString("event: reset\ndata:\n\n")
        }
    }

    /// A comment, which clients ignore.
    static func comment(_ text: String) -> ByteBuffer { ByteBuffer(string: ": \(text)\n\n") }
}
