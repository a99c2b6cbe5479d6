// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One self-contained HTML page of a run: its figures, a histogram of lateness and a timeline.
struct LatenessPage {
    let title: String
    let figures: [(name: String, value: String)]
    /// Due instant in microseconds since the Unix epoch, lateness in nanoseconds.
    let arrivals: [(due: Int64, lateness: Int64)]

    private static let width = 860.0
    private static let height = 240.0
    /// Room for the labels of the axes.
    private static let margin = 48.0

    private static let decades = [
        "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s",
    ]

    /// Writes the page.
    func write(to path: String) throws {
        guard let file = fopen(path, "w") else {
            throw BenchError("\(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        guard fputs(html, file) >= 0 else { throw BenchError("\(path) could not be written") }
    }

    private var html: String {
        let rows = figures.map {
            "<tr><th>\(Self.escape($0.name))</th><td>\(Self.escape($0.value))"
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(Self.escape(title))</title><style>
            body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; }
            body { padding: 0 1em; color: #1c2530; background: #fff; }
            table { border-collapse: collapse; } th { text-align: left; font-weight: 400; }
            td { text-align: right; padding-left: 2em; font-variant-numeric: tabular-nums; }
            svg { width: 100%; height: auto; } text { font-size: 11px; fill: #59636f; }
            </style></head><body>
            <h1>\(Self.escape(title))</h1>
            <h2>Lateness</h2><p>How many reminders were how late; both axes are logarithmic.</p>
            \(histogram)
            <h2>By second</h2><p>Of the reminders due in each second: median, 99th percentile and \
            maximum, on a logarithmic scale.</p>
            \(timeline)
            <h2>Figures</h2><table>\(rows.joined(separator: "\n"))</table>
            </body></html>

            """
    }

    /// Bars a fifth of a decade wide; what is early or under a microsecond is in the first.
    private var histogram: String {
        var counts = [Int](repeating: 0, count: Self.decades.count * 5)
        for (_, lateness) in arrivals {
            let place = log10(Double(max(lateness, 1_000)) / 1_000) * 5
            counts[min(Int(place), counts.count - 1)] += 1
        }
        let tallest = log10(Double(max(counts.max() ?? 1, 10)))
        let step = (Self.width - Self.margin) / Double(counts.count)
        var marks: [String] = []
        for (bar, count) in counts.enumerated() where count > 0 {
            let height = max(2, log10(Double(count) + 0.3) / tallest * (Self.height - 40))
            marks.append(
                Self.rectangle(
                    x: Self.margin + Double(bar) * step,
                    y: Self.height - 20 - height,
                    width: step - 2,
                    height: height,
                    label: "\(count)"
                )
            )
        }
        for (decade, label) in Self.decades.enumerated() {
            marks.append(
                Self.text(label, x: Self.margin + Double(decade * 5) * step, y: Self.height - 4)
            )
        }
        return Self.drawing(marks)
    }

    private var timeline: String {
        let seconds = Dictionary(grouping: arrivals) { $0.due / 1_000_000 }
        guard let first = seconds.keys.min(), let last = seconds.keys.max() else {
            return Self.drawing([])
        }
        let figures = seconds.mapValues { Percentiles(nanoseconds: $0.map(\.lateness)) }
        let step = (Self.width - Self.margin) / Double(last - first + 1)
        var marks: [String] = []
        for (decade, label) in Self.decades.enumerated() {
            let y = Self.y(milliseconds: pow(10, Double(decade - 3)))
            marks.append(
                "<path d='M\(Self.margin) \(Self.short(y))H\(Self.width)' stroke='#e3e7ec'/>"
            )
            marks.append(Self.text(label, x: 0, y: y + 4))
        }
        let lines: [(KeyPath<Percentiles, Double>, String)] = [
            (\.max, "#c9ced6"), (\.p99, "#d9822b"), (\.p50, "#2563eb"),
        ]
        for (figure, colour) in lines {
            let points = (first...last).compactMap { second in
                figures[second].map { percentiles in
                    let x = Self.margin + (Double(second - first) + 0.5) * step
                    return
                        "\(Self.short(x)),\(Self.short(Self.y(milliseconds: percentiles[keyPath: figure])))"
                }
            }
            marks.append(
                "<polyline points='\(points.joined(separator: " "))' fill='none'"
                    + " stroke='\(colour)' stroke-width='2' stroke-linecap='round'/>"
            )
        }
        return Self.drawing(marks)
    }

    /// From 1 µs at the bottom to 10 s at the top.
    private static func y(milliseconds: Double) -> Double {
        let place = (log10(min(max(milliseconds, 0.001), 10_000)) + 3) / 7
        return height - 10 - place * (height - 20)
    }

    private static func drawing(_ marks: [String]) -> String {
        "<svg viewBox='0 0 \(width) \(height)' role='img'>\(marks.joined(separator: "\n"))</svg>"
    }

    private static func rectangle(
        x: Double,
        y: Double,
        width: Double,
        height: Double,
        label: String
    ) -> String {
        "<rect x='\(short(x))' y='\(short(y))' width='\(short(width))' height='\(short(height))'"
            + " fill='#2563eb'><title>\(label)</title></rect>"
    }

    private static func text(_ text: String, x: Double, y: Double) -> String {
        "<text x='\(short(x))' y='\(short(y))'>\(text)</text>"
    }

    private static func short(_ number: Double) -> String {
        String((number * 10).rounded() / 10)
    }

    private static func escape(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            default: escaped.append(character)
            }
        }
    }
}
