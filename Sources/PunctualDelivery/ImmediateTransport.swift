// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// A transport that takes events on the calling thread, because it is in this process.
///
/// Lateness ends where `publishNow` returns, so it neither waits nor fails.
package protocol ImmediateTransport: Transport {
    /// Takes a batch, and keeps it for those who join until it is acknowledged.
    func publishNow(_ batch: [ReleasedEvent])
    /// Hears that events are in `event_log`, where those who join can read them.
    func acknowledged(_ batch: [ReleasedEvent])
}

extension ImmediateTransport {
    /// Takes a batch at once.
    package func publish(_ batch: [ReleasedEvent]) async { publishNow(batch) }
}
