// SPDX-License-Identifier: Apache-2.0

/// What one request, or the handling of one event, took, for whoever follows traces.
package struct TraceSpan: Sendable {
    /// What was done, in OpenTelemetry's terms and with its numbers in OTLP.
    package enum Kind: Int64, Sendable {
        case server = 2
        case consumer = 5
    }
    /// What is said of a span.
    package enum Value: Sendable {
        case text(String)
        case integer(Int)
    }
    /// The trace, this span of it, and the caller's.
    package let trace: TraceContext
    /// What was done, without any identifier, such as `GET /api/tasks/{id}`.
    package let name: String
    /// What was done.
    package let kind: Kind
    /// By OpenTelemetry's semantic conventions, in order.
    package let attributes: [(key: String, value: Value)]
    /// Whether it failed for a reason that is not the caller's.
    package let hasFailed: Bool
    /// When it began, in nanoseconds since the epoch.
    package let start: UInt64
    /// When it ended, in nanoseconds since the epoch; never before ``start``.
    package let end: UInt64

    /// Creates a span from its parts.
    package init(
        trace: TraceContext,
        name: String,
        kind: Kind,
        attributes: [(key: String, value: Value)],
        hasFailed: Bool,
        start: UInt64,
        end: UInt64
    ) {
        (self.trace, self.name, self.kind) = (trace, name, kind)
        (self.attributes, self.hasFailed) = (attributes, hasFailed)
        (self.start, self.end) = (start, max(start, end))
    }
}

/// Takes spans, to be sent soon; it must not block.
package typealias SpanRecorder = @Sendable (TraceSpan) -> Void
