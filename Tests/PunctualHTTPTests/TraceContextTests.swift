// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import Testing

struct TraceContextTests {
    private let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private let span = "00f067aa0ba902b7"

    @Test func `goes on with the trace of the caller`() {
        let context = TraceContext(traceparent: "00-\(trace)-\(span)-00")
        #expect(context.traceID == trace)
        #expect(context.parentID == span)
        #expect(context.spanID != span)
        #expect(!context.isSampled)
        #expect(context.traceparent == "00-\(trace)-\(context.spanID)-00")
    }

    @Test func `reads what a later version appends`() {
        #expect(TraceContext(traceparent: "cc-\(trace)-\(span)-01-more").traceID == trace)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
    ])
    func `begins a trace when the header is wrong`(header: String) {
        let context = TraceContext(traceparent: header)
        #expect(context.traceID != trace)
        #expect(context.traceID.utf8.count == 32)
        #expect(context.spanID.utf8.count == 16)
        #expect(context.parentID == nil)
        #expect(context.isSampled)
    }
}
