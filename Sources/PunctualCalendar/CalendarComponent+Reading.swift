// SPDX-License-Identifier: Apache-2.0

extension CalendarComponent {
    /// Reads the components of a calendar; what is malformed is left out and noted.
    ///
    /// Real files end too early, close what they never opened and break lines without folding
    /// them. Each is repaired in the way that loses least, and recorded in `notices`.
    ///
    /// - Throws: `CalendarError` when a bound of `CalendarLimits` is passed.
    static func read(
        _ bytes: [UInt8],
        notices: inout NoticeLog
    ) throws(CalendarError) -> [CalendarComponent] {
        var reader = try ContentLineReader(bytes)
        var builder = Builder()
        while let (number, bytes) = try reader.next() {
            guard let line = ContentLine(parsing: bytes, line: number) else {
                let start = bytes.prefix(4 * CalendarLimits.quotedScalars)
                notices.add(
                    number,
                    builder.openLabel,
                    nil,
                    "Not a content line (NAME:value), left out: "
                        + quoted(String(decoding: start, as: UTF8.self))
                )
                continue
            }
            if line.isRepaired {
                notices.add(
                    number,
                    builder.openLabel,
                    line.name,
                    "Bytes that are not UTF-8 text were replaced or removed."
                )
            }
            try builder.add(line, &notices)
        }
        return builder.finished(&notices)
    }
}

/// The components that are open, innermost last, and those that are complete.
private struct Builder {
    private var open: [CalendarComponent] = []
    private var roots: [CalendarComponent] = []
    private var componentCount = 0
    private var propertyCount = 0

    /// How a notice names the entry that is being read.
    var openLabel: String? { open.last { isEntry($0.name) }?.label }

    mutating func add(_ line: ContentLine, _ notices: inout NoticeLog) throws(CalendarError) {
        switch line.name {
        case "BEGIN": try begin(line, &notices)
        case "END": end(line, &notices)
        case _ where open.isEmpty:
            notices.tally(line.line, line.name, "It stands outside of any component; left out.")
        default: try append(line)
        }
    }

    mutating func finished(_ notices: inout NoticeLog) -> [CalendarComponent] {
        for component in open.reversed() {
            notices.add(
                component.line,
                component.label,
                component.name,
                "The file ends before END:\(component.name); read as if it stood there."
            )
        }
        while !open.isEmpty { close() }
        return roots
    }

    private mutating func begin(
        _ line: ContentLine,
        _ notices: inout NoticeLog
    ) throws(CalendarError) {
        componentCount += 1
        guard componentCount <= CalendarLimits.components else {
            throw .tooLarge(
                "The calendar has more than \(CalendarLimits.components) components. "
                    + "Divide it into several files.",
                line: line.line
            )
        }
        let name = componentName(line)
        // An entry never stands in another; the END of the one before is missing.
        if isEntry(name), let depth = open.firstIndex(where: { isEntry($0.name) }) {
            close(downTo: depth, because: "BEGIN:\(name)", &notices)
        }
        guard open.count < CalendarLimits.nesting else {
            throw .tooLarge(
                "Components are nested more than \(CalendarLimits.nesting) deep. "
                    + "Is an END missing?",
                line: line.line
            )
        }
        open.append(CalendarComponent(name: name, line: line.line))
    }

    private mutating func end(_ line: ContentLine, _ notices: inout NoticeLog) {
        let name = componentName(line)
        guard let depth = open.lastIndex(where: { $0.name == name }) else {
            notices.add(line.line, openLabel, "END", "END:\(name) closes nothing; left out.")
            return
        }
        close(downTo: depth + 1, because: "END:\(name)", &notices)
        close()
    }

    private mutating func close(
        downTo depth: Int,
        because next: String,
        _ notices: inout NoticeLog
    ) {
        while open.count > depth {
            let last = open[open.count - 1]
            notices.add(
                last.line,
                last.label,
                last.name,
                "\(next) comes before END:\(last.name); read as if both stood there."
            )
            close()
        }
    }

    private mutating func append(_ line: ContentLine) throws(CalendarError) {
        propertyCount += 1
        guard propertyCount <= CalendarLimits.properties else {
            throw .tooLarge(
                "The calendar has more than \(CalendarLimits.properties) properties. "
                    + "Divide it into several files.",
                line: line.line
            )
        }
        let last = open.count - 1
        guard open[last].properties.count < CalendarLimits.propertiesPerComponent else {
            throw .tooLarge(
                "The component that begins on line \(open[last].line) has more than "
                    + "\(CalendarLimits.propertiesPerComponent) properties.",
                line: line.line
            )
        }
        open[last].properties.append(line)
    }

    private mutating func close() {
        guard let component = open.popLast() else { return }
        if open.isEmpty {
            roots.append(component)
        } else {
            open[open.count - 1].children.append(component)
        }
    }

    private func isEntry(_ name: String) -> Bool { name == "VEVENT" || name == "VTODO" }

    private func componentName(_ line: ContentLine) -> String {
        shortened(String(line.value.unicodeScalars.filter { $0 != " " })).uppercased()
    }
}
