// SPDX-License-Identifier: Apache-2.0

/// What one request took, for whoever follows traces.
package struct RequestSpan: Sendable {
    /// The trace, this span of it, and the caller's.
    package let trace: TraceContext
    /// The method, such as `GET`.
    package let method: String
    /// The template of the route, never an identifier, such as `/api/tasks/{id}`.
    package let route: String
    /// The status of the answer.
    package let status: Int
    /// When it came, in nanoseconds since the epoch.
    package let start: UInt64
    /// When it was answered, in nanoseconds since the epoch; never before ``start``.
    package let end: UInt64

    /// Creates a span from its parts.
    package init(
        trace: TraceContext,
        method: String,
        route: String,
        status: Int,
        start: UInt64,
        end: UInt64
    ) {
        (self.trace, self.method, self.route) = (trace, method, route)
        (self.status, self.start, self.end) = (status, start, end)
    }
}
