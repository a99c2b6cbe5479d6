// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What the bench says on standard error while it runs.
enum Progress {
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Prints a line each second until `isDone`, or until `deadline` on the wall clock.
    static func follow(
        _ ledger: Ledger,
        until deadline: Int64,
        isDone: () -> Bool
    ) {
        let began = WallClock.nanoseconds
        var second: Int64 = 0
        while !isDone(), WallClock.nanoseconds < deadline {
            second += 1
            // A tenth of a second at a time, so that the run ends soon after its last event.
            while !isDone(), WallClock.nanoseconds < began + second * 1_000_000_000 {
                WallClock.sleep(milliseconds: 100)
            }
            let worst = Double(ledger.worstSinceAsked.exchange(0, ordering: .relaxed)) / 1e6
            say(
                "\(second) s  sent \(ledger.sentCount.load(ordering: .relaxed))"
                    + "  received \(ledger.receivedCount.load(ordering: .relaxed))"
                    + "  worst of the second \(JSON.rounded(worst)) ms"
            )
        }
    }
}
