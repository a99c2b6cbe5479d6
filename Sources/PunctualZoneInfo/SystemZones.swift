// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import PunctualCore
package import PunctualTime
internal import Synchronization

/// The zones of the system's time zone database, `/usr/share/zoneinfo` or `TZDIR`.
///
/// Rules are read when they are first asked for, and kept. A new tzdata package takes effect with
/// ``reloadIfChanged()``, without a restart. May be used from any thread; the first look at a zone
/// reads one small file.
package final class SystemZones: ZoneSource {
    /// How many zones are kept; more than there are, so it only bounds names that are links.
    package static let maximumCachedZones = 1_024

    private struct Snapshot {
        var release: TZDataRelease
        var rules: [String: ZoneRules] = [:]
    }

    private let directory: String
    private let snapshot: Mutex<Snapshot>

    /// Opens a database.
    ///
    /// - Parameter directory: where its files are; nil asks `TZDIR`, as the C library does.
    package init(directory: String? = nil) {
        let directory = directory ?? Self.systemDirectory
        self.directory = directory
        snapshot = Mutex(Snapshot(release: TZDataRelease(directory: directory)))
    }

    /// The release, such as `2025b`, or `unknown` when the database does not say.
    package var version: String { snapshot.withLock { $0.release.version } }

    /// The rules of a zone, or nil when the database has no zone of that name.
    package func rules(for identifier: String) -> ZoneRules? {
        guard Self.isPlausible(identifier) else { return nil }
        if let known = snapshot.withLock({ $0.rules[identifier] }) { return known }
        guard let bytes = ZoneFile.read("\(directory)/\(identifier)"),
            let rules = try? ZoneRules(identifier: identifier, tzif: bytes)
        else { return nil }  // What is not a TZif file is no zone: `tzdata.zi`, `leapseconds`.
        snapshot.withLock { snapshot in
            if snapshot.rules.count >= Self.maximumCachedZones { snapshot.rules.removeAll() }
            snapshot.rules[identifier] = rules
        }
        return rules
    }

    /// Looks whether another release has been installed, and forgets the rules of the former one.
    ///
    /// - Returns: whether there was one.
    package func reloadIfChanged() -> Bool {
        let release = TZDataRelease(directory: directory)
        return snapshot.withLock { snapshot in
            guard release != snapshot.release else { return false }
            snapshot = Snapshot(release: release)
            return true
        }
    }

    /// Whether a name could be that of a zone: letters, digits and `_+-/`, and no way out of the
    /// directory.
    private static func isPlausible(_ identifier: String) -> Bool {
        let bytes = identifier.utf8
        return (1...255).contains(bytes.count)
            && bytes.first != UInt8(ascii: "/") && bytes.last != UInt8(ascii: "/")
            && bytes.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    private static var systemDirectory: String {
        // SAFETY: the string is copied at once; nothing here changes the environment.
        guard let value = unsafe getenv("TZDIR"), unsafe value.pointee != 0 else {
            return "/usr/share/zoneinfo"
        }
        return unsafe String(cString: value)
    }
}
