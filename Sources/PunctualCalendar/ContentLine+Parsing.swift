// SPDX-License-Identifier: Apache-2.0

private let quote = UInt8(ascii: "\"")
private let caret = UInt8(ascii: "^")
private let colon = UInt8(ascii: ":")
private let semicolon = UInt8(ascii: ";")
private let comma = UInt8(ascii: ",")
private let equals = UInt8(ascii: "=")

extension ContentLine {
    /// Reads one unfolded line; `nil` when it is not a content line.
    ///
    /// - Parameters:
    ///   - bytes: the line without its line break.
    ///   - line: the number of its first line in the file, from 1.
    package init?(parsing bytes: ArraySlice<UInt8>, line: Int) {
        var rest = bytes
        guard let name = takeName(&rest) else { return nil }
        var parameters: [Parameter] = []
        var isRepaired = false
        while rest.first == semicolon {
            rest.removeFirst()
            guard let parameter = Self.takeParameter(&rest, &isRepaired) else { return nil }
            parameters.append(parameter)
        }
        guard rest.first == colon else { return nil }
        rest.removeFirst()
        self.name = name
        self.parameters = parameters
        self.value = decode(rest, &isRepaired)
        self.isRepaired = isRepaired
        self.line = line
    }

    private static func takeParameter(
        _ rest: inout ArraySlice<UInt8>,
        _ isRepaired: inout Bool
    ) -> Parameter? {
        guard let name = takeName(&rest) else { return nil }
        var values: [String] = []
        guard rest.first == equals else { return Parameter(name: name, values: values) }
        repeat {
            rest.removeFirst()
            guard let value = takeParameterValue(&rest, &isRepaired) else { return nil }
            values.append(value)
        } while rest.first == comma
        return Parameter(name: name, values: values)
    }
}

/// A name of letters, digits and `-`; `_` and `.` too, which some producers use in X- names.
private func takeName(_ rest: inout ArraySlice<UInt8>) -> String? {
    let name = rest.prefix { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
    guard !name.isEmpty else { return nil }
    rest = rest[name.endIndex...]
    return String(decoding: name, as: UTF8.self).uppercased()
}

/// A quoted or plain parameter value; `nil` when a quote is never closed.
private func takeParameterValue(
    _ rest: inout ArraySlice<UInt8>,
    _ isRepaired: inout Bool
) -> String? {
    let content: ArraySlice<UInt8>
    if rest.first == quote {
        content = rest.dropFirst().prefix { $0 != quote }
        guard content.endIndex < rest.endIndex else { return nil }
        rest = rest[(content.endIndex + 1)...]
    } else {
        content = rest.prefix { $0 != semicolon && $0 != colon && $0 != comma }
        rest = rest[content.endIndex...]
    }
    guard content.contains(caret) else { return decode(content, &isRepaired) }
    return decode(undoingCarets(content)[...], &isRepaired)
}

/// RFC 6868: `^n` is a line break, `^'` a quotation mark, `^^` a caret; any other `^` is itself.
private func undoingCarets(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var isEscaped = false
    for byte in bytes {
        switch (isEscaped, byte) {
        case (false, caret): isEscaped = true
        case (false, _): result.append(byte)
        case (true, UInt8(ascii: "n")): result.append(UInt8(ascii: "\n")); isEscaped = false
        case (true, UInt8(ascii: "'")): result.append(quote); isEscaped = false
        case (true, caret): result.append(caret); isEscaped = false
        case (true, _): result.append(contentsOf: [caret, byte]); isEscaped = false
        }
    }
    if isEscaped { result.append(caret) }
    return result
}

/// UTF-8 to text, without the control characters that RFC 5545 §3.1 forbids (a NUL, above all,
/// which no database column of text can hold).
private func decode(_ bytes: ArraySlice<UInt8>, _ isRepaired: inout Bool) -> String {
    func isForbidden(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != 0x09 && byte != 0x0A || byte == 0x7F
    }
    let hasForbidden = bytes.contains(where: isForbidden)
    let allowed = hasForbidden ? bytes.filter { !isForbidden($0) }[...] : bytes
    if let text = String(validating: allowed, as: UTF8.self) {
        isRepaired = isRepaired || hasForbidden
        return text
    }
    isRepaired = true
    return String(decoding: allowed, as: UTF8.self)
}
