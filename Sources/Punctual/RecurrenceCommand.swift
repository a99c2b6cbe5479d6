// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import PunctualHTTP
internal import PunctualZoneInfo

/// What can be done with recurrence rules without a server.
struct RecurrenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recurrence",
        abstract: "Work with recurrence rules, without a database.",
        subcommands: [ExpandCommand.self]
    )
}

/// Expands recurrence sets, one JSON line each.
struct ExpandCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expand",
        abstract: "Read recurrence sets as JSON Lines, and write each with its occurrences.",
        discussion: """
            Members of a line: "dtstart" (local time, 20260101T090000), "tzid" (an IANA zone, or \
            null for floating time), "rrule" or "recurrence_pattern", "rdate" and "exdate" (lists \
            of local times), "limit" (how many occurrences, 0 to \
            \(RecurrenceExpander.maximumLimit); \(RecurrenceExpander.defaultLimit) when absent).

            Each line is written back with "occurrences_local" and "occurrences_utc", parallel \
            lists in nominal order; or, if it has "after" or "after_utc", with "next_local" and \
            "next_utc", null when nothing follows; or with "error". Other members pass through.

              echo '{"dtstart":"20260131T090000","tzid":"Europe/Berlin","rrule":"FREQ=MONTHLY"}' \\
                | punctual recurrence expand
            """
    )

    func run() throws {
        let expander = RecurrenceExpander(zones: SystemZones())
        while let line = readLine() {
            guard !line.isEmpty else { continue }
            print(expander.answer(line))
            // A program that writes a line and waits for its answer must not wait for ever.
            fflush(nil)
        }
    }
}
