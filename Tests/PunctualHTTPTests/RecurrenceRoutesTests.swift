// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualHTTP
import Testing

@Suite struct RecurrenceRoutesTests {
    private let server = TestServer()

    @Test func `previews a rule with what clocks make of it`() async throws {
        try await server.test { client in
            let answer = try await client.post(
                "/api/recurrence/preview",
                #"{"rrule":"FREQ=DAILY","dtstart":"2026-03-28T01:30:00","count":3,"#
                    + #""timezone":"Europe/Lisbon"}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            let items = try #require(answer.json["items"]?.elements)
            #expect(
                items.map { $0["local"]?.text } == [
                    "2026-03-28T01:30:00", "2026-03-29T01:30:00", "2026-03-30T01:30:00",
                ]
            )
            #expect(
                items.map { $0["utc"]?.text } == [
                    "2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z",
                ]
            )
            #expect(items.map { $0["note"] == .null } == [true, false, true])
            #expect(answer.json["next_cursor"] == .null)
            #expect(answer.json["rrule"]?.text == "FREQ=DAILY")
            #expect(answer.json["recurrence_pattern"]?["frequency"]?.text == "daily")
        }
    }

    @Test func `previews a pattern in UTC`() async throws {
        try await server.test { client in
            let answer = try await client.post(
                "/api/recurrence/preview",
                #"{"recurrence_pattern":{"frequency":"monthly","day_of_month":31},"#
                    + #""dtstart":"2026-01-31T09:00:00Z","count":2}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            let items = answer.json["items"]?.elements.compactMap { $0["utc"]?.text }
            #expect(items == ["2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z"])
        }
    }

    @Test(arguments: [
        (#"{}"#, "/rrule"), (#"{"dtstart":"2026-01-31T09:00:00Z"}"#, "/dtstart"),
        (#"{"rrule":"FREQ=DAILY;BYHOUR=24","dtstart":"2026-01-31T09:00:00Z"}"#, "/rrule"),
        (#"{"rrule":"FREQ=DAILY","dtstart":"2026-01-31"}"#, "/dtstart"),
        (#"{"rrule":"FREQ=DAILY","dtstart":"2026-01-31T09:00:00Z","count":0}"#, "/count"),
        (#"{"rrule":"FREQ=DAILY","dtstart":"2026-01-31T09:00:00Z","count":101}"#, "/count"),
        (#"{"rrule":"FREQ=DAILY","dtstart":"2026-01-31T09:00:00","timezone":"X"}"#, "/timezone"),
        (#"{"rrule":"FREQ=DAILY","dtstart":"2026-01-31T09:00:00Z","exdates":[1]}"#, "/exdates/0"),
        (
            #"{"rrule":"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30","dtstart":"2026-01-31T09:00:00Z"}"#,
            "/rrule"
        ),
    ])
    func `names the field that is wrong`(body: String, pointer: String) async throws {
        try await server.test { client in
            let answer = try await client.post("/api/recurrence/preview", body)
            #expect(answer.status == 422)
            #expect(answer.places.contains(pointer), "\(answer.text)")
        }
    }
}
