// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was promised and what came: for each reminder of a run its due instant and its arrival.
///
/// Each index of `accepted` is written by the one thread that created it, and its arrival by the one
/// thread that receives for its user; everything is read after those threads have been joined. The atomics
/// are for the progress line.
final class Ledger: @unchecked Sendable {
    /// When each reminder is due, in microseconds since the Unix epoch.
    let due: [Int64]
    private let isAccepted: UnsafeMutableBufferPointer<Bool>
    /// The arrival in nanoseconds since the Unix epoch; 0 if it has not come.
    private let arrival: UnsafeMutableBufferPointer<Int64>
    private let repeated = Atomic(0)
    private let wrongDue = Atomic(0)

    let sentCount = Atomic(0)
    let receivedCount = Atomic(0)
    let worstSinceAsked = Atomic<Int64>(0)

    init(due: [Int64]) {
        self.due = due
        isAccepted = .allocate(capacity: due.count)
        isAccepted.initialize(repeating: false)
        arrival = .allocate(capacity: due.count)
        arrival.initialize(repeating: 0)
    }

    deinit {
        isAccepted.deallocate()
        arrival.deallocate()
    }

    /// Notes that the server has answered 2xx for a reminder.
    func accept(_ index: Int) {
        isAccepted[index] = true
        sentCount.add(1, ordering: .relaxed)
    }

    /// Notes an event; `nanoseconds` is when the socket gave it.
    func receive(_ event: FiredEvent, at nanoseconds: Int64) {
        guard due.indices.contains(event.index) else { return }
        let index = event.index
        guard arrival[index] == 0 else {
            repeated.add(1, ordering: .relaxed)
            return
        }
        arrival[index] = nanoseconds
        if event.remindAt != due[index] { wrongDue.add(1, ordering: .relaxed) }
        receivedCount.add(1, ordering: .relaxed)
        worstSinceAsked.max(nanoseconds - due[index] * 1_000, ordering: .relaxed)
    }

    /// When a reminder came, in nanoseconds since the Unix epoch, or nil.
    func arrival(of index: Int) -> Int64? {
        arrival[index] == 0 ? nil : arrival[index]
    }

    /// The lateness of every reminder of a range that came, in nanoseconds; negative if early.
    func lateness(in range: Range<Int>) -> [Int64] {
        range.compactMap { index in arrival(of: index).map { $0 - due[index] * 1_000 } }
    }

    /// The promises of a range, kept or not.
    func account(for range: Range<Int>) -> Account {
        let lateness = lateness(in: range)
        return Account(
            sent: range.count { isAccepted[$0] },
            received: lateness.count,
            lost: range.count { isAccepted[$0] && arrival[$0] == 0 },
            early: lateness.count { $0 < 0 },
            repeated: repeated.load(ordering: .relaxed),
            wrongDue: wrongDue.load(ordering: .relaxed),
            lateness: Percentiles(nanoseconds: lateness)
        )
    }

    struct Account {
        let sent, received, lost, early, repeated, wrongDue: Int
        let lateness: Percentiles

        var json: JSON {
            .object([
                ("sent", .integer(sent)), ("received", .integer(received)),
                ("lost", .integer(lost)), ("early", .integer(early)),
                ("repeated", .integer(repeated)), ("lateness_ms", lateness.json),
            ])
        }
    }
}
