// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualCalendar
import Testing

/// Whole files: the sample of `deploy/`, and real calendars where there are any.
@Suite struct SampleCalendarTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func sample() throws -> [UInt8] {
        Array(try Data(contentsOf: root.appending(path: "deploy/sample.ics")))
    }

    /// `PUNCTUAL_SHARED_CALENDARS`, or the folder beside the package; they are never copied here.
    private static let sharedCalendars: [URL] = {
        let path = ProcessInfo.processInfo.environment["PUNCTUAL_SHARED_CALENDARS"]
        let folder =
            path.map { URL(filePath: $0) } ?? root.appending(path: "../shared/calendars")
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.pathExtension == "ics" }
            .sorted { $0.path < $1.path }
    }()

    @Test func `the sample imports whole`() throws {
        let result = try imported(Self.sample())
        #expect(result.entryCount == 10)
        #expect(result.tasks.count == 9)
        #expect(result.mergedCount == 1)
        #expect(result.refusedCount == 0)
        let standUp = try #require(result.tasks.first { $0.title == "Weekly stand-up" })
        #expect(standUp.recurrence?.exceptions.count == 4)
        #expect(standUp.recurrence?.dates.count == 1)
        #expect(standUp.reminders.count == 3)
        #expect(result.tasks.contains { $0.description.hasSuffix("the last letter of café.") })
        #expect(result.tasks.allSatisfy { $0.recurrence == nil || $0.recurrence?.rule != nil })
        // What it has that tasks do not: ends, transparency, texts of alarms, its name.
        #expect(
            Set(result.notices.map(\.property)) == [
                "VCALENDAR.X-WR-CALNAME", "VTODO.DTSTAMP", "VEVENT.DTSTAMP", "VEVENT.DTEND",
                "VEVENT.DURATION", "VEVENT.TRANSP", "VALARM.DESCRIPTION",
            ]
        )
    }

    @Test(
        .enabled(
            if: !sharedCalendars.isEmpty,
            "set PUNCTUAL_SHARED_CALENDARS to a folder of .ics files to import real calendars"
        ),
        arguments: sharedCalendars
    )
    func `a real calendar imports whole`(_ file: URL) throws {
        let bytes = Array(try Data(contentsOf: file))
        let result = try CalendarImport(reading: bytes, defaultZone: "UTC") { name in
            FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/\(name)")
        }
        #expect(result.entryCount == countEntries(bytes))
        #expect(result.tasks.count + result.mergedCount + result.refusedCount == result.entryCount)
        #expect(!result.notices.contains { $0.property == "TZID" || $0.property == "RRULE" })
        #expect(result.tasks.allSatisfy { $0.due != nil })
    }

    @Test func `no mutation of the sample traps or loses an entry`() throws {
        let sample = try Self.sample()
        for seed in 0..<500 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var bytes = sample
            for _ in 0..<Int.random(in: 1...40, using: &generator) { mutate(&bytes, &generator) }
            let result: CalendarImport
            do {
                result = try imported(bytes)
            } catch {
                #expect(error is CalendarError, "seed \(seed)")
                continue
            }
            let accounted = result.tasks.count + result.mergedCount + result.refusedCount
            #expect(accounted == result.entryCount, "seed \(seed)")
            #expect(result.tasks.allSatisfy { !$0.title.isEmpty }, "seed \(seed)")
        }
    }

    /// Changes, removes, doubles or inserts bytes; the inserted ones mean something to the reader.
    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let start = Int.random(in: 0..<max(1, bytes.count), using: &generator)
        let range = start..<min(bytes.count, start + .random(in: 0...60, using: &generator))
        let words = [
            "\r\n", "\n ", "BEGIN:VEVENT\n", "END:VTODO\n", ":", ";", "\"", "^", "\\", ",", "/",
            "P",
            "99999999999999999999", "-", "Z", "RRULE:FREQ=SECONDLY\n", "DTSTART:00010101T000000Z\n",
            "DUE:99991231T235959\n", "TRIGGER:-P999999999W\n", "REPEAT:999999999\n", "\u{0}", "ß",
        ]
        switch Int.random(in: 0..<5, using: &generator) {
        case 0 where start < bytes.count: bytes[start] = .random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(range)
        case 2: bytes.insert(contentsOf: Array(bytes[range]), at: start)
        case 3: bytes.removeLast(min(bytes.count, range.count))
        default:
            guard let word = words.randomElement(using: &generator) else { return }
            bytes.insert(contentsOf: Array(word.utf8), at: min(start, bytes.count))
        }
    }
}
