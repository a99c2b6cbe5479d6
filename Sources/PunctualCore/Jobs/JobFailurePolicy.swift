// SPDX-License-Identifier: Apache-2.0

/// What happens when a call for a job fails.
package struct JobFailurePolicy: Sendable, Hashable {
    /// How long to wait between two calls.
    package var interval: Duration
    /// How many calls follow the first; nil for any number.
    package var maximumRetries: Int?

    /// Three retries, a second apart.
    package static let standard = Self(interval: .seconds(1), maximumRetries: 3)

    /// Creates a policy from its parts.
    package init(interval: Duration, maximumRetries: Int?) {
        (self.interval, self.maximumRetries) = (interval, maximumRetries)
    }

    /// Reads `{"drop":{}}` or `{"constant":{"interval":"10s","maxRetries":3}}`.
    ///
    /// - Throws: ``JobError`` when it is neither.
    package init(_ value: JSONValue) throws(JobError) {
        self.init(interval: .seconds(1), maximumRetries: nil)
        if let drop = value["drop"], drop != .null {
            maximumRetries = 0
            return
        }
        guard let constant = value["constant"], case .object = constant else {
            throw Self.refusal("failurePolicy: it has either drop or constant")
        }
        switch constant["interval"] {
        case nil, .null: break
        case .string(let text):
            guard let interval = Self.seconds(text) else {
                throw Self.refusal(
                    "failurePolicy.constant.interval: seconds, such as \"10s\" or \"0.2s\""
                )
            }
            self.interval = interval
        default: throw Self.refusal("failurePolicy.constant.interval: a text such as \"10s\"")
        }
        switch constant["maxRetries"] ?? constant["max_retries"] {
        case nil, .null: break
        case .integer(let count)? where (0...Int64(UInt32.max)).contains(count):
            maximumRetries = Int(count)
        default: throw Self.refusal("failurePolicy.constant.maxRetries: a whole number from 0")
        }
    }

    /// The policy as Dapr writes it.
    package var value: JSONValue {
        if maximumRetries == 0 {
            return .object([JSONMember(name: "drop", value: .object([]))])
        }
        let (seconds, attoseconds) = interval.components
        let fraction = attoseconds / 1_000_000_000
        let digits = String(1_000_000_000 + fraction).dropFirst()
        let text = fraction == 0 ? "\(seconds)s" : "\(seconds).\(digits)s"
        var members = [JSONMember(name: "interval", value: .string(text))]
        if let maximumRetries {
            members.append(JSONMember(name: "maxRetries", value: .integer(Int64(maximumRetries))))
        }
        return .object([JSONMember(name: "constant", value: .object(members))])
    }

    /// A duration as protobuf writes it in JSON: seconds, with up to nine digits of a fraction.
    private static func seconds(_ text: String) -> Duration? {
        guard text.hasSuffix("s") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let isDecimal = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard isDecimal, (1...2).contains(parts.count), let whole = parts.first,
            let seconds = Int64(whole), seconds <= 315_576_000_000
        else { return nil }
        guard parts.count == 2, let digits = parts.last else { return .seconds(seconds) }
        guard digits.utf8.count <= 9,
            let fraction = Int64(digits + String(repeating: "0", count: 9 - digits.utf8.count))
        else { return nil }
        return .seconds(seconds) + .nanoseconds(fraction)
    }

    private static func refusal(_ message: String) -> JobError {
        JobError(.invalid, "ERR_INVALID_JOB", message)
    }
}
