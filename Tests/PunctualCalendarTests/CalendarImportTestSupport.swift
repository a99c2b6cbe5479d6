// SPDX-License-Identifier: Apache-2.0

import PunctualCalendar
import PunctualTime

/// The zones these tests know; a real caller asks the system's zone files.
let knownZones: Set = [
    "UTC", "Etc/UTC", "Etc/GMT-1", "Europe/Berlin", "Europe/Lisbon", "Europe/London",
    "Europe/Paris", "America/New_York", "America/Argentina/Ushuaia",
]

/// Imports the text of a calendar, its lines ended as the text has them.
func imported(_ text: String) throws -> CalendarImport {
    try imported(Array(text.utf8))
}

/// Imports the bytes of a calendar.
func imported(_ bytes: [UInt8]) throws -> CalendarImport {
    try CalendarImport(reading: bytes, defaultZone: "Europe/Paris") { knownZones.contains($0) }
}

/// A calendar with one event that has these lines.
func calendar(_ lines: String) -> String { calendar("VEVENT", lines) }

/// A calendar with one entry that has these lines.
func calendar(_ kind: String, _ lines: String) -> String {
    """
    BEGIN:VCALENDAR
    VERSION:2.0
    BEGIN:\(kind)
    SUMMARY:Test
    \(lines)
    END:\(kind)
    END:VCALENDAR

    """
}

/// How many entries a calendar has, counted without the reader under test.
func countEntries(_ bytes: [UInt8]) -> Int {
    bytes.split { $0 == 0x0A || $0 == 0x0D }
        .map { String(decoding: $0, as: UTF8.self).uppercased() }
        .count { $0 == "BEGIN:VEVENT" || $0 == "BEGIN:VTODO" }
}

/// A small generator whose seed a failure prints (Vigna's SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
