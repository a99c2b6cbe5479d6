// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTime
import Testing

/// The cases that two independent implementations agree on; their README says how to read them.
struct RecurrenceCasesTests {
    private struct Case: Decodable {
        var id: String
        var dtstart: String
        var tzid: String?
        var rrule: String
        var rdate: [String]?
        var exdate: [String]?
        var expectedLocal: [String]?
        var expectedUtc: [String]?
        var finite: Bool?
        var after: String?
        var afterUtc: String?
        var expectedNext: String?
        var expectedNextUtc: String?

        func expansion() throws -> RecurrenceExpansion {
            try RecurrenceExpansion(
                dtstart: dtstart,
                zone: try tzid.map { try systemZone($0) },
                rrule: rrule,
                rdate: rdate ?? [],
                exdate: exdate ?? []
            )
        }
    }

    private static func cases(_ file: String) throws -> [Case] {
        let url = try #require(
            Bundle.module.url(
                forResource: file,
                withExtension: "jsonl",
                subdirectory: "Recurrence"
            )
        )
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(Case.self, from: Data($0))
        }
    }

    @Test(arguments: [("cases", 1980), ("rfc5545-examples", 43)])
    func `expands every listed recurrence set`(file: String, count: Int) throws {
        let cases = try Self.cases(file)
        #expect(cases.count == count)
        for item in cases {
            let expected = try #require(item.expectedLocal)
            // A finite set must also end where the list ends.
            let limit = expected.count + (item.finite == true ? 5 : 0)
            let found = try item.expansion().first(limit)
            #expect(found.map(\.nominal.basic) == expected, "\(item.id) \(item.rrule)")
            let instants = item.tzid == nil ? nil : found.compactMap { $0.instant?.basic }
            #expect(instants == item.expectedUtc, "\(item.id) \(item.rrule)")
        }
    }

    @Test func `finds the next instance however far away it is`() throws {
        let cases = try Self.cases("next-after")
        #expect(cases.count == 250)
        for item in cases {
            let after = try CivilDateTime(try #require(item.after))
            let instant = try item.afterUtc.map { try WallInstant(basic: $0) }
            let next = try item.expansion().next(after: after, instant: instant)
            #expect(next?.nominal.basic == item.expectedNext, "\(item.id) \(item.rrule)")
            #expect(next?.instant?.basic == item.expectedNextUtc, "\(item.id) \(item.rrule)")
        }
    }
}
