// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

/// Mutated requests: whatever is sent, the answer is a refusal or a success, never a failure.
@Suite struct HostileInputTests {
    private static let bodies = [
        #"{"title":"a","description":"b","priority":"high","tags":["x","y"],"timezone":"UTC","#
            + #""due_date":"2026-03-01T09:00:00","reminders":[{"offset":"-PT1H"},{"at":null}],"#
            + #""misfire":{"policy":"skip","grace":"PT1M"},"dst":{"gap":"skip","fold":"last"},"#
            + #""recurrence_pattern":{"frequency":"monthly","interval":2,"by_day":["-1FR"],"#
            + #""end_date":"2030-01-01","occurrences":null,"exdates":["2026-03-01T09:00:00"]}}"#,
        #"{"rrule":"FREQ=MONTHLY;BYDAY=-1FR;COUNT=5","dtstart":"2026-01-31T09:00:00","#
            + #""timezone":"Europe/Lisbon","count":5,"rdates":["2026-02-01T00:00:00"]}"#,
        #"[{"title":"a"},{"title":"b","rrule":"FREQ=DAILY","due_date":"2026-03-01T09:00:00Z"}]"#,
        #"{"offset":"-P1DT2H"}"#,
    ]
    private static let pieces = [
        "null", "true", "-1", "0", "1e400", "9223372036854775807", "99999999999999999999", "\"\"",
        "[]", "{}", "[[[[]]]]", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"9999-12-31T23:59:59Z\"",
        "\"0001-01-01T00:00:00+23:59\"", "\"P3660D\"", "\"-P999999999999W\"",
        "\"../../etc/passwd\"",
        "\"FREQ=SECONDLY;INTERVAL=2147483647\"", "\"FREQ=YEARLY;BYYEARDAY=366;BYDAY=5MO\"",
        "\"FREQ=DAILY;UNTIL=99991231T235959Z;BYSETPOS=366\"",
    ]
    private static let paths = [
        "/api/tasks", "/api/tasks/batch", "/api/recurrence/preview", "/api/tasks/1/reminders",
        "/api/tasks/1", "/api/import/ics",
    ]

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `answers every mutation with 2xx or 4xx`(seed: UInt64) async throws {
        let server = TestServer()
        try await server.test { client in
            _ = try await client.post("/api/tasks", #"{"title":"a"}"#)
            var generator = SplitMix(seed: seed)
            for round in 0..<1_500 {
                let body = Self.mutation(&generator)
                let path = Self.paths.randomElement(using: &generator) ?? ""
                let answer = try await client.send(
                    path.hasSuffix("/1") ? .patch : .post,
                    path,
                    bytes: body,
                    headers: path.hasSuffix("ics") ? ["Content-Type": "text/calendar"] : [:]
                )
                #expect(
                    (200..<300).contains(answer.status) || (400..<500).contains(answer.status),
                    "seed \(seed), round \(round): \(answer.status) to \(body)"
                )
                guard answer.status < 500 else { return }
            }
        }
    }

    @Test func `answers every mutated query and id with 2xx or 4xx`() async throws {
        let server = TestServer()
        try await server.test { client in
            var generator = SplitMix(seed: 5)
            let names = ["limit", "cursor", "due_before", "tags", "sort", "overdue", "topics", "%"]
            let values = ["", "%", "%00", "%ff%fe", "-1", "1e9", "9".repeated(40), "a=b", "+", "é"]
            for _ in 0..<1_000 {
                let name = names.randomElement(using: &generator) ?? ""
                let value = values.randomElement(using: &generator) ?? ""
                let id = values.randomElement(using: &generator) ?? ""
                for path in ["/api/tasks?\(name)=\(value)&\(name)", "/api/tasks/\(id)/history"] {
                    let answer = try await client.get(path)
                    #expect(answer.status < 500, "\(path)")
                }
            }
        }
    }

    private static func mutation(_ generator: inout SplitMix) -> [UInt8] {
        var bytes = Array((bodies.randomElement(using: &generator) ?? "").utf8)
        for _ in 0..<Int.random(in: 0..<4, using: &generator) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[place] = .random(in: 0...255, using: &generator)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + 5))
            case 2: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
            default: replaceValue(in: &bytes, after: place, &generator)
            }
        }
        return bytes
    }

    /// Puts another value where one begins at or after `place`.
    private static func replaceValue(
        in bytes: inout [UInt8],
        after place: Int,
        _ generator: inout SplitMix
    ) {
        guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")) else { return }
        let stops = Set(",}]".utf8)
        let end = bytes[colon...].firstIndex { stops.contains($0) } ?? bytes.count
        let piece = pieces.randomElement(using: &generator) ?? ""
        bytes.replaceSubrange(colon + 1..<end, with: piece.utf8)
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
