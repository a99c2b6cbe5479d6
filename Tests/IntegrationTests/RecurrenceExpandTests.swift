// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `punctual recurrence expand`, as another program sees it.
@Suite struct RecurrenceExpandTests {
    /// The recurrence cases, which the tests of PunctualTime have too.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "PunctualTimeTests/Recurrence")

    private static func lines(of file: String) throws -> [Substring] {
        try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n")
    }

    private static func expand(_ lines: [Substring]) async throws -> [[String: Any]] {
        let input = lines.joined(separator: "\n") + "\n"
        let outcome = try await blocking {
            try Executable.run(["recurrence", "expand"], input: input)
        }
        #expect(outcome.status == 0)
        return try outcome.lines.map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test(arguments: ["cases.jsonl", "rfc5545-examples.jsonl"])
    func `gives the expected occurrences of every case`(file: String) async throws {
        // The expected list says how long it is, for it may be longer than the default limit.
        let cases = try Self.lines(of: file).map { line in
            let expected = try Self.object(line)["expected_local"] as? [String] ?? []
            let isFinite = try Self.object(line)["finite"] as? Bool ?? false
            return line.dropLast() + ",\"limit\":\(expected.count + (isFinite ? 1 : 0))}"
        }
        let answers = try await Self.expand(cases)
        #expect(answers.count == cases.count)
        for answer in answers {
            let id = "\(answer["id"] ?? "?")"
            #expect(answer["error"] == nil, "\(id)")
            #expect(
                answer["occurrences_local"] as? [String] == answer["expected_local"] as? [String],
                "\(id)"
            )
            #expect(
                answer["occurrences_utc"] as? [String] == answer["expected_utc"] as? [String],
                "\(id)"
            )
        }
    }

    @Test func `gives the next occurrence of every case`() async throws {
        let answers = try await Self.expand(Self.lines(of: "next-after.jsonl"))
        #expect(answers.count == 250)
        for answer in answers {
            let id = "\(answer["id"] ?? "?")"
            #expect(
                answer["next_local"] as? String == answer["expected_next"] as? String,
                "\(id)"
            )
            #expect(
                answer["next_utc"] as? String == answer["expected_next_utc"] as? String,
                "\(id)"
            )
        }
    }

    @Test func `passes other members through as they were written`() async throws {
        let line =
            #"{"z":1.50e+2,"dtstart":"2026-01-31T09:00:00","a":[ {"é":"\u00e9,}"} ],"#
            + #""tzid":"UTC","limit":1,"big":12345678901234567890}"#
        let outcome = try await blocking {
            try Executable.run(["recurrence", "expand"], input: line)
        }
        #expect(
            outcome.output == String(line.dropLast())
                + #","occurrences_local":["2026-01-31T09:00:00"],"#
                + #""occurrences_utc":["2026-01-31T09:00:00Z"]}"# + "\n"
        )
    }

    @Test func `answers a bad line with an error and goes on`() async throws {
        let good =
            #"{"id":2,"dtstart":"20260131T090000","tzid":null,"rrule":"FREQ=DAILY","limit":1}"#
        let answers = try await Self.expand([
            #"{"id":1,"dtstart":"20260131T090000","rrule":"FREQ=SOMETIMES"}"#, "{", "7",
            #"{"id":3}"#, #"{"id":4,"dtstart":"20260131T090000","tzid":"../passwd"}"#,
            #"{"id":5,"dtstart":"20260131T090000","limit":10001}"#, Substring(good),
        ])
        #expect(answers.count == 7)
        for answer in answers[..<6] { #expect(answer["error"] is String) }
        #expect(answers.map { $0["id"] as? Int } == [1, nil, nil, 3, 4, 5, 2])
        #expect(answers[6]["occurrences_local"] as? [String] == ["20260131T090000"])
    }

    @Test func `takes a pattern in place of a rule`() async throws {
        let answers = try await Self.expand([
            #"""
            {"dtstart":"20260131T090000","tzid":null,"limit":3,\#
            "recurrence_pattern":{"frequency":"monthly","day_of_month":31}}
            """#,
            #"{"dtstart":"20260131T090000","tzid":null,"limit":2,"recurrence_pattern":"daily"}"#,
        ])
        #expect(
            answers.map { $0["occurrences_local"] as? [String] } == [
                ["20260131T090000", "20260228T090000", "20260331T090000"],
                ["20260131T090000", "20260201T090000"],
            ]
        )
    }

    private static func object(_ line: Substring) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
}
