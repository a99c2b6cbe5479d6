// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

extension EntryReader {
    /// SUMMARY on one line; without one, the first line of DESCRIPTION or "(untitled)".
    mutating func title() -> String {
        let summary = onOneLine(component.first("SUMMARY")?.text ?? "")
        guard summary.isEmpty else { return summary }
        let firstLine = (component.first("DESCRIPTION")?.text ?? "")
            .split(whereSeparator: \.isNewline)
            .first { $0.contains { !$0.isWhitespace } }
        let title = firstLine.map { shortened(onOneLine(String($0))) } ?? "(untitled)"
        notices.add(
            component.line,
            label,
            "SUMMARY",
            "It has no title; \(quoted(title)) is used."
        )
        return title
    }

    /// DESCRIPTION, then the place and the link, which a task has no fields for.
    func describedText() -> String {
        let description = component.first("DESCRIPTION")?.text.trimmingWhitespace() ?? ""
        let details = [("Location", "LOCATION"), ("Link", "URL")].compactMap { label, name in
            let text = component.first(name)?.text.trimmingWhitespace() ?? ""
            return text.isEmpty ? nil : "\(label): \(text)"
        }.joined(separator: "\n")
        return [description, details].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// CATEGORIES of all lines, each once.
    mutating func tags() -> [String] {
        var tags: [String] = []
        var seen: Set<String> = []
        for line in component.all("CATEGORIES") {
            for category in line.textList {
                let tag = onOneLine(category)
                guard !tag.isEmpty, seen.insert(tag).inserted else { continue }
                guard tags.count < CalendarLimits.tagsPerTask else {
                    note(
                        line,
                        "More than \(CalendarLimits.tagsPerTask) categories; the rest is left out."
                    )
                    return tags
                }
                tags.append(tag)
            }
        }
        return tags
    }

    /// PRIORITY: 1 and 2 are urgent, 3 and 4 high, 5 medium, 6 to 9 low, 0 undefined.
    mutating func priority() -> ImportedTask.Priority {
        guard let line = component.first("PRIORITY") else { return .medium }
        switch Int(line.value.trimmingWhitespace()) {
        case 1, 2: return .urgent
        case 3, 4: return .high
        case 0, 5: return .medium
        case 6, 7, 8, 9: return .low
        default:
            note(line, "\(quoted(line.value)) is not a number from 0 to 9; medium is used.")
            return .medium
        }
    }

    /// Completed if any of STATUS, COMPLETED and PERCENT-COMPLETE says so.
    mutating func status() -> ImportedTask.Status {
        let completed = component.first("COMPLETED")
        let percent = component.first("PERCENT-COMPLETE")
        let isDone = statusText == "COMPLETED" || percent?.value == "100" || completed != nil
        guard component.name == "VTODO", isDone else {
            tallyOpenStatus(percent)
            return .active
        }
        guard let completed else { return .completed(at: nil) }
        if case .instant(let instant) = time(completed) { return .completed(at: instant) }
        note(completed, "\(quoted(completed.value)) is not a UTC time; completed, time unknown.")
        return .completed(at: nil)
    }

    private mutating func tallyOpenStatus(_ percent: ContentLine?) {
        if let line = component.first("STATUS") {
            switch statusText {
            case "NEEDS-ACTION", "CONFIRMED", "CANCELLED", "": break
            default:
                notices.tally(
                    line.line,
                    "\(component.name).STATUS",
                    "A task is active or completed; \(quoted(statusText)) is imported as active."
                )
            }
        }
        if let percent, percent.value != "0" {
            notices.tally(
                percent.line,
                "VTODO.PERCENT-COMPLETE",
                "A task is active or completed; how far it is done is not kept."
            )
        }
    }

    private func onOneLine(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\n")) else { return text.trimmingWhitespace() }
        return text.split(whereSeparator: \.isNewline).joined(separator: " ").trimmingWhitespace()
    }
}

extension String {
    /// The text without white space at either end.
    func trimmingWhitespace() -> String {
        // By scalars, which is many times faster than by characters.
        let start = unicodeScalars.drop(while: \.properties.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
