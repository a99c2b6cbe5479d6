// SPDX-License-Identifier: Apache-2.0

/// Which trace a request belongs to, by W3C Trace Context (§3.2, version 00).
package struct TraceContext: Sendable {
    /// That of the request or the event which this task handles; nil elsewhere.
    @TaskLocal package static var current: TraceContext?

    /// The whole trace: 32 lowercase hexadecimal digits, not all zero.
    package let traceID: String
    /// What this process does of it: 16 such digits.
    package let spanID: String
    /// The span of the caller, if it told one.
    package let parentID: String?
    /// Whether the caller records the trace; true for a trace that begins here.
    package let isSampled: Bool

    /// Goes on with the trace of a `traceparent` header, or begins one when it is absent or wrong.
    package init(traceparent: String?) {
        spanID = Self.digits(UInt64.random(in: 1...UInt64.max))
        if let caller = traceparent.flatMap(Self.caller) {
            (traceID, parentID, isSampled) = caller
        } else {
            traceID =
                Self.digits(UInt64.random(in: 1...UInt64.max))
                + Self.digits(UInt64.random(in: 1...UInt64.max))
            (parentID, isSampled) = (nil, true)
        }
    }

    /// The header for what this request causes.
    package var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    /// What an event says whose cause is handled here: nil unless the caller told a trace, so that
    /// nothing is stored or sent for what nobody follows.
    package static var told: String? {
        current.flatMap { $0.parentID == nil ? nil : $0.traceparent }
    }

    /// The header of an event, if it is one; what others write into a topic may be anything.
    package static func valid(_ traceparent: String?) -> String? {
        traceparent.flatMap { caller($0) == nil ? nil : $0 }
    }

    private static func caller(_ header: String) -> (String, String?, Bool)? {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        // A later version may append parts; version ff is forbidden.
        guard parts.count >= 4, isHex(parts[0], 2), parts[0] != "ff",
            parts[0] != "00" || parts.count == 4,
            isHex(parts[1], 32), isHex(parts[2], 16), isHex(parts[3], 2),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" }),
            let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        return (String(parts[1]), String(parts[2]), flags & 1 == 1)
    }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func digits(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
