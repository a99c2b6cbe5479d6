// SPDX-License-Identifier: Apache-2.0

internal import CSystemd
internal import PunctualZoneInfo

/// What `doctor` looks at on this machine.
enum HostChecks {
    /// More than this, in microseconds, and reminders are noticeably off other people's clocks.
    static let maximumClockError: Int64 = 100_000
    /// Enough for some thousand clients that follow their events.
    static let comfortableFiles: UInt64 = 8_192
    /// Less does not do for the database, the listener and a few clients.
    static let minimumFiles: UInt64 = 256

    /// All of them.
    static func run() -> [DoctorFinding] { [clock(), zones(SystemZones()), files()] }

    private static func clock() -> DoctorFinding {
        let subject = "clock"
        let error = punctual_clock_error_microseconds()
        switch error {
        case 0...maximumClockError:
            return .ok(subject, "synchronised, within \(milliseconds(error))")
        case (maximumClockError + 1)...:
            return .warn(
                subject,
                "synchronised, but only within \(milliseconds(error))",
                remedy: "look at the time server: timedatectl timesync-status, or chronyc tracking"
            )
        case -1:
            return .warn(
                subject,
                "the kernel says that nothing synchronises it",
                remedy: "run a time service, for example: apt-get install systemd-timesyncd, or "
                    + "chrony; in a container the host must"
            )
        default:
            return .warn(
                subject,
                "the kernel does not say whether it is synchronised",
                remedy: "in a container, ask on the host: timedatectl"
            )
        }
    }

    private static func zones(_ zones: SystemZones) -> DoctorFinding {
        guard zones.rules(for: "Europe/Berlin") != nil else {
            return .fail(
                "tzdata",
                "there is no time zone database",
                remedy: "apt-get install tzdata, or let TZDIR name the folder that has one"
            )
        }
        guard zones.version != "unknown" else {
            return .warn(
                "tzdata",
                "present, of an unknown release",
                remedy: "install a package that has tzdata.zi, so that a new release is noticed"
            )
        }
        return .ok("tzdata", "release \(zones.version)")
    }

    private static func files() -> DoctorFinding {
        let subject = "open files"
        let remedy = "raise it: LimitNOFILE=65536 in a systemd unit, or ulimit -Hn 65536 as root"
        return switch FileLimit.hard {
        case nil:
            .warn(subject, "the limit is unknown", remedy: "look at it with: ulimit -Hn")
        case let files? where files >= comfortableFiles: .ok(subject, "up to \(files)")
        case let files? where files >= minimumFiles:
            .warn(subject, "only \(files), and each client needs one", remedy: remedy)
        case let files?: .fail(subject, "only \(files)", remedy: remedy)
        }
    }

    private static func milliseconds(_ microseconds: Int64) -> String {
        "\((microseconds + 999) / 1_000) ms"
    }
}
