// SPDX-License-Identifier: Apache-2.0

internal import CSystemd

/// Tells the service manager how the process is doing (`sd_notify`(3)).
///
/// Does nothing where nobody listens, that is without `NOTIFY_SOCKET`. Thread-safe; never blocks
/// for longer than a write to a local datagram socket.
struct SystemdNotifier: Sendable {
    /// How often the service manager wants to be fed, or nil when it does not.
    var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        // SAFETY: fills the integer that it is given, and keeps no pointer.
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// The process serves.
    func ready() { send("READY=1") }

    /// What the process is doing, in one line, as `systemctl status` shows it.
    func status(_ text: String) {
        send("STATUS=" + text.map { $0.isNewline ? " " : String($0) }.joined())
    }

    /// The process has begun to stop.
    func stopping() { send("STOPPING=1") }

    /// The process is alive.
    func feedWatchdog() { send("WATCHDOG=1") }

    private func send(_ state: String) {
        // SAFETY: reads the text for the duration of the call. A failure cannot be helped: the
        // service manager will notice that nothing came.
        _ = unsafe sd_notify(0, state)
    }
}
