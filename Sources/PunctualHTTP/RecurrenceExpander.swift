// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
internal import PunctualTime

/// Answers JSON lines that each describe a recurrence set with the occurrences of the set.
///
/// | member | meaning |
/// |---|---|
/// | `dtstart` | local time, `YYYYMMDDTHHMMSS` or with separators; required |
/// | `tzid` | IANA zone, or null for floating time |
/// | `rrule` or `recurrence_pattern` | the rule; without one DTSTART itself is an occurrence |
/// | `rdate`, `exdate` | lists of local times |
/// | `limit` | how many occurrences at most, 0 to 10,000; 25 when absent |
/// | `after`, `after_utc` | asks for the one occurrence after this time instead |
///
/// All other members pass through byte by byte. A line that is wrong gets an `error`.
package struct RecurrenceExpander: Sendable {
    /// How many occurrences a line gets when it does not say.
    package static let defaultLimit = 25
    /// How many occurrences a line can ask for.
    package static let maximumLimit = 10_000

    private let zones: any ZoneSource

    /// Creates an expander.
    ///
    /// - Parameter zones: where `tzid` is looked up.
    package init(zones: any ZoneSource) { self.zones = zones }

    /// Answers one line with one line, without its end; never fails.
    package func answer(_ text: String) -> String {
        do throws(Problem) {
            let line = try JSONLine(text)
            return line.with(answer(line))
        } catch {
            return "{\"error\":\(json(error.detail))}"
        }
    }

    private func answer(_ line: JSONLine) -> [(name: String, json: String)] {
        do throws(Problem) {
            let request = try ExpansionRequest(line.members)
            let set = try request.set(zones: zones)
            return request.asksForNext
                ? next(in: set, request) : occurrences(of: set, request)
        } catch {
            return [("error", json(error.detail))]
        }
    }

    private func occurrences(
        of set: RecurrenceSet,
        _ request: ExpansionRequest
    ) -> [(name: String, json: String)] {
        let occurrences = set.occurrences().prefix(request.limit)
        let local = occurrences.map { "\"\(request.text($0.nominal))\"" }
        let utc = occurrences.compactMap { $0.instant.map { "\"\(request.text($0))\"" } }
        return [
            ("occurrences_local", "[\(local.joined(separator: ","))]"),
            ("occurrences_utc", set.zone == nil ? "null" : "[\(utc.joined(separator: ","))]"),
        ]
    }

    private func next(
        in set: RecurrenceSet,
        _ request: ExpansionRequest
    ) -> [(name: String, json: String)] {
        let next = request.next(in: set)
        return [
            ("next_local", next.map { "\"\(request.text($0.nominal))\"" } ?? "null"),
            ("next_utc", next?.instant.map { "\"\(request.text($0))\"" } ?? "null"),
        ]
    }

    private func json(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return writer.text
    }
}
