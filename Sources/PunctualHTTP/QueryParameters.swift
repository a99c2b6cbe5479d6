// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes

/// The query of a request: names and values, percent-decoded and known to be text.
struct QueryParameters {
    /// How many parameters a query may have.
    static let maximumCount = 100

    private var parameters: [(name: String, value: String)] = []
    /// What is wrong with values that were asked for.
    private(set) var problem: HTTPProblem?

    /// Reads a query (WHATWG URL, `application/x-www-form-urlencoded`); names that are not among
    /// the `known` ones are refused.
    init(_ query: String?, known: [String]) {
        for pair in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parameters.count < Self.maximumCount else {
                refuse("", "A query may have \(Self.maximumCount) parameters.")
                return
            }
            guard let name = Self.decoded(parts[0]),
                let value = parts.count > 1 ? Self.decoded(parts[1]) : ""
            else {
                refuse(
                    String(decoding: parts[0], as: UTF8.self),
                    "Send UTF-8, percent-encoded, without NUL."
                )
                continue
            }
            guard known.contains(name) else {
                refuse(
                    name,
                    "There is no such parameter; there are \(known.joined(separator: ", "))."
                )
                continue
            }
            parameters.append((name, value))
        }
    }

    /// The last value of a name; nil when it is absent or empty.
    subscript(name: String) -> String? {
        parameters.last { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// All values of a name, those separated by commas too.
    func list(_ name: String) -> [String] {
        parameters.filter { $0.name == name }
            .flatMap { $0.value.split(separator: ",").map(String.init) }
    }

    /// The value of a name as `parse` reads it; where it cannot, that is noted.
    mutating func value<Value>(
        _ name: String,
        _ remedy: String,
        _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = parameters.last(where: { $0.name == name })?.value else { return nil }
        let value = parse(text)
        if value == nil { refuse(name, remedy) }
        return value
    }

    /// Notes that a value is wrong.
    mutating func refuse(_ name: String, _ detail: String) {
        if problem == nil {
            problem = HTTPProblem(.unprocessableContent, "\(name): \(detail)")
        }
        problem?.errors.append((.parameter(name), detail))
    }

    /// Throws what was noted, if anything was.
    func finish() throws(HTTPProblem) { if let problem { throw problem } }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy(isHexadecimal),
                    let decoded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                    decoded != 0
                else { return nil }
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        Character(Unicode.Scalar(byte)).isHexDigit
    }
}
