// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processor time that a process has used, as `/proc/PID/stat` has it (proc(5)).
struct ProcessorTime {
    /// Its parent.
    let parent: pid_t
    /// Its own, in seconds.
    let own: Double
    /// That of its children that have ended, in seconds.
    let ofEndedChildren: Double

    /// Nil when the process has ended.
    init?(of pid: pid_t) {
        // A process that has ended has no such file.
        guard let stat = try? readFile("/proc/\(pid)/stat"), let name = stat.lastIndex(of: ")")
        else { return nil }
        // From the third field on: state, parent, …
        let fields = stat[name...].split(separator: " ").dropFirst().map { Double($0) ?? 0 }
        guard fields.count > 14 else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        parent = pid_t(fields[1])
        own = (fields[11] + fields[12]) / ticks
        ofEndedChildren = (fields[13] + fields[14]) / ticks
    }

    /// What a process and all its children have used, in seconds.
    static func ofFamily(_ pid: pid_t) -> Double {
        let head = ProcessorTime(of: pid)
        let children = folderEntries("/proc").compactMap { pid_t($0) }
            .compactMap(ProcessorTime.init(of:)).filter { $0.parent == pid }
        return children.reduce((head?.own ?? 0) + (head?.ofEndedChildren ?? 0)) { $0 + $1.own }
    }
}
