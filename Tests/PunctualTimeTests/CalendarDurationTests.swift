// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

struct CalendarDurationTests {
    @Test(arguments: [
        ("P1D", 1, 0, "P1D"), ("-P1D", -1, 0, "-P1D"), ("-PT1H", 0, -3600, "-PT1H"),
        ("PT10M", 0, 600, "PT10M"), ("P1W", 7, 0, "P7D"), ("P90D", 90, 0, "P90D"),
        ("P1DT2H", 1, 7200, "P1DT2H"), ("-P1DT2H3M4S", -1, -7384, "-P1DT2H3M4S"),
        ("+PT90M", 0, 5400, "PT1H30M"), ("PT0S", 0, 0, "PT0S"), ("-P0D", 0, 0, "PT0S"),
        ("PT1H5S", 0, 3605, "PT1H5S"), ("PT24H", 0, 86_400, "PT24H"),
    ])
    func `reads and prints durations`(text: String, days: Int, seconds: Int, printed: String) throws
    {
        let duration = try CalendarDuration(text)
        #expect(duration.days == days)
        #expect(duration.seconds == seconds)
        #expect(duration.description == printed)
        #expect(try CalendarDuration(duration.description) == duration)
    }

    @Test(arguments: [
        "", "P", "-P", "PT", "P1", "1D", "P1DT", "P1H", "PT1D", "P1Y", "P1M", "PT1M1H", "PT1S1S",
        "P1W1D", "P1WT1H", "P-1D", "PT1.5H", "PT1H30", "PT 1H", "P1D ", "--P1D", "P1DT2",
        "P3661D", "P99999999999D", "PT999999999H", "-P3660DT1S",
    ])
    func `refuses what is not a duration of at most ten years`(text: String) {
        #expect(throws: TimeFormatError.self) { try CalendarDuration(text) }
    }

    @Test func `keeps the time on the wall over days and counts hours exactly`() throws {
        let berlin = try systemZone("Europe/Berlin")
        // Clocks spring forward on 2026-03-29.
        let evening = try CivilDateTime("2026-03-28T18:00:00")
        let instant = berlin.resolve(evening).instant
        let day = try CalendarDuration("P1D")
        let hours = try CalendarDuration("PT24H")
        #expect(berlin.localTime(at: day.added(to: instant, in: berlin)).basic == "20260329T180000")
        #expect(
            berlin.localTime(at: hours.added(to: instant, in: berlin)).basic == "20260329T190000"
        )
        #expect(day.added(to: evening, in: berlin) == day.added(to: instant, in: berlin))
        let odd = instant.adding(microseconds: 7)
        #expect(day.added(to: odd, in: berlin).microsecondsSinceEpoch % 1_000_000 == 7)
        #expect(try CalendarDuration("-P1DT1H").added(to: evening).basic == "20260327T170000")
    }
}
