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
