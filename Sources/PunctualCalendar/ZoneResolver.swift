// SPDX-License-Identifier: Apache-2.0

/// Finds the IANA zone that a TZID of a calendar means.
///
/// In this order: the TZID itself; its tail, as in `/mozilla.org/20050126_1/Europe/Berlin`; its
/// Windows name; what the calendar's own VTIMEZONE says (X-LIC-LOCATION, or one fixed offset in
/// whole hours); and when none is known, the calendar's X-WR-TIMEZONE or the caller's default,
/// with a notice. A VTIMEZONE's transitions are not used: the IANA rules are newer than the file.
struct ZoneResolver {
    /// The zone for TZIDs that mean nothing here.
    private(set) var fallback: String
    private let isKnownZone: (String) -> Bool
    private var definitions: [String: CalendarComponent] = [:]
    private var resolved: [String: String?] = [:]

    init(defaultZone: String, isKnownZone: @escaping (String) -> Bool) {
        self.fallback = defaultZone
        self.isKnownZone = isKnownZone
    }

    /// Takes in the VTIMEZONEs and the X-WR-TIMEZONE of a calendar.
    mutating func learn(from calendar: CalendarComponent) {
        for component in calendar.children where component.name == "VTIMEZONE" {
            guard let identifier = component.first("TZID")?.text else { continue }
            definitions[identifier] = component
        }
        if let name = calendar.first("X-WR-TIMEZONE")?.text, let zone = knownZone(name) {
            fallback = zone
        }
    }

    /// The IANA zone of `identifier`; where there is none, the fallback and a notice.
    mutating func zone(
        _ identifier: String,
        line: Int,
        _ notices: inout NoticeLog
    ) -> String {
        let zone = resolved[identifier] ?? find(identifier)
        resolved[identifier] = .some(zone)
        if let zone { return zone }
        notices.tally(
            line,
            "TZID",
            "The time zone \(quoted(identifier)) is not known; \(fallback) is used."
        )
        return fallback
    }

    private func find(_ identifier: String) -> String? {
        if let zone = knownZone(identifier) { return zone }
        guard let definition = definitions[identifier] else { return nil }
        for name in ["X-LIC-LOCATION", "X-TZINFO"] {
            guard let value = definition.first(name)?.text.prefix(while: { $0 != "[" }) else {
                continue
            }
            if let zone = knownZone(String(value)) { return zone }
        }
        return fixedZone(definition)
    }

    private func knownZone(_ name: String) -> String? {
        if let zone = WindowsZones.zone(named: name), isKnownZone(zone) { return zone }
        // The caller may look for a file of that name: nothing but plain names reach it.
        let name = name.replacing(" ", with: "_")
        guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(isZoneByte) else {
            return nil
        }
        let parts = name.split(separator: "/")
        guard !parts.contains(where: { $0.allSatisfy { $0 == "." } }) else { return nil }
        if !name.hasPrefix("/"), isKnownZone(name) { return name }
        // The longest IANA names have three parts: America/Argentina/Ushuaia.
        return [3, 2, 1].lazy.filter { $0 <= parts.count }
            .map { parts.suffix($0).joined(separator: "/") }
            .first { isKnownZone($0) }
    }

    private func isZoneByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"): true
        case UInt8(ascii: "/"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// `Etc/GMT-1` for a zone that is one hour east of UTC all year; the sign is POSIX's.
    private func fixedZone(_ definition: CalendarComponent) -> String? {
        let offsets = Set(definition.children.map { $0.first("TZOFFSETTO")?.value ?? "" })
        guard offsets.count == 1, let offset = offsets.first, offset.utf8.count >= 5,
            offset.dropFirst(3).allSatisfy({ $0 == "0" }),
            let hours = Int(offset.dropFirst().prefix(2))
        else { return nil }
        let sign = offset.hasPrefix("-") ? "+" : "-"
        let zone = hours == 0 ? "Etc/UTC" : "Etc/GMT\(sign)\(hours)"
        return isKnownZone(zone) ? zone : nil
    }
}
