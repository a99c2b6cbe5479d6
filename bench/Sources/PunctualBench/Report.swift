// SPDX-License-Identifier: Apache-2.0

/// The figures of a run: a table for people, or one JSON object for machines.
struct Report {
    private var members: [(String, JSON)] = []

    init(_ subcommand: String) {
        members.append(("subcommand", .text(subcommand)))
    }

    mutating func add(_ name: String, _ value: Int) {
        members.append((name, .integer(value)))
    }

    mutating func add(_ name: String, _ value: Double) {
        members.append((name, .number(value)))
    }

    mutating func add(_ name: String, _ value: JSON) {
        members.append((name, value))
    }

    /// Adds the members that every subcommand with reminders has.
    mutating func add(_ account: Ledger.Account, ratePerSecond: Double) {
        add("sent", account.sent)
        add("received", account.received)
        add("lost", account.lost)
        add("early", account.early)
        add("repeated", account.repeated)
        add("wrong_due", account.wrongDue)
        add("rate_per_s", ratePerSecond)
        add("lateness_ms", account.lateness.json)
    }

    /// Prints on standard output.
    func print(asJSON: Bool) {
        if asJSON {
            Swift.print(JSON.object(members))
        } else {
            Self.printTable(members, prefix: "")
        }
    }

    /// Writes the page of a run, if a file was named for it.
    func writePage(_ path: String?, _ ledger: Ledger, in range: Range<Int>) throws {
        guard let path else { return }
        var figures: [(name: String, value: String)] = []
        Self.flatten(members, prefix: "") { figures.append((name: $0, value: $1)) }
        let arrivals = range.compactMap { index in
            ledger.arrival(of: index).map { (ledger.due[index], $0 - ledger.due[index] * 1_000) }
        }
        let title = "punctual-bench " + (figures.first?.value ?? "")
        try LatenessPage(title: title, figures: figures, arrivals: arrivals).write(to: path)
    }

    private static func flatten(
        _ members: [(String, JSON)],
        prefix: String,
        _ body: (String, String) -> Void
    ) {
        for (name, value) in members {
            switch value {
            case .object(let inner): flatten(inner, prefix: prefix + name + " ", body)
            case .list(let rows): for row in rows { body(prefix + name, row.description) }
            default: body(prefix + name, text(value))
            }
        }
    }

    private static func printTable(_ members: [(String, JSON)], prefix: String) {
        for (name, value) in members {
            if case .object(let inner) = value {
                printTable(inner, prefix: prefix + name + " ")
            } else if case .list(let rows) = value {
                for row in rows {
                    if case .object(let inner) = row {
                        Swift.print(inner.map { "\($0) \(text($1))" }.joined(separator: "   "))
                    }
                }
            } else {
                let label = prefix + name
                let padding = String(repeating: " ", count: max(1, 34 - label.count))
                Swift.print(label + padding + text(value))
            }
        }
    }

    private static func text(_ value: JSON) -> String {
        if case .text(let text) = value { return text }
        return value.description
    }
}
