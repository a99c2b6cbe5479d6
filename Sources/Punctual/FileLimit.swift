// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// How many files and sockets this process may have open (`getrlimit`(2)).
enum FileLimit {
    /// The most that `serve` may ask for; nil when the system does not say.
    static var hard: UInt64? { current.map { UInt64($0.rlim_max) } }

    /// Raises the limit in force to the hard limit: each client that follows its events is a file.
    ///
    /// The former limit is mostly 1,024, for the sake of programs that use `select`(2), which
    /// nothing here does. A failure leaves it as it was.
    static func raise() {
        guard var limit = current, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // SAFETY: reads the structure that it is given, and keeps no pointer.
        _ = unsafe setrlimit(resource, &limit)
    }

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    private static var current: rlimit? {
        var limit = rlimit()
        // SAFETY: fills the structure that it is given, and keeps no pointer.
        return unsafe getrlimit(resource, &limit) == 0 ? limit : nil
    }
}
