// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PunctualCore

extension TraceContext {
    /// What a log line says of it.
    package var metadata: Logger.Metadata { ["trace_id": "\(traceID)", "span_id": "\(spanID)"] }
}
