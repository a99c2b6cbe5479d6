// SPDX-License-Identifier: Apache-2.0

/// A Swift file's text with every comment, and every string's content, made blank.
///
/// Lines and columns stay as they are, so that what is found can be named. Code inside string
/// interpolations is code.
struct SourceCode {
    /// The lines of the file.
    let lines: [String]

    init(blanking text: String) {
        var lexer = Lexer(text)
        lines = lexer.code().split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0) }
    }
}

/// Walks over Swift source byte by byte; it knows just enough to tell code from the rest.
private struct Lexer {
    private enum State {
        /// Code; in an interpolation, how many of its parentheses are open.
        case code(parentheses: Int)
        case lineComment
        case blockComment(depth: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")
    private static let backslash = UInt8(ascii: "\\")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")

    private let text: [UInt8]
    private var position = 0
    private var states: [State] = [.code(parentheses: 0)]
    private var output: [UInt8] = []

    init(_ text: String) { self.text = Array(text.utf8) }

    mutating func code() -> String {
        while position < text.count {
            switch states[states.count - 1] {
            case .code(let parentheses): readCode(parentheses)
            case .lineComment: readLineComment()
            case .blockComment(let depth): readBlockComment(depth)
            case .string(let hashes, let isMultiline): readString(hashes, isMultiline)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The byte so far ahead; 0 beyond the end.
    private func byte(_ distance: Int = 0) -> UInt8 {
        position + distance < text.count ? text[position + distance] : 0
    }

    private func isNext(_ pattern: UInt8..., at distance: Int = 0) -> Bool {
        pattern.indices.allSatisfy { byte(distance + $0) == pattern[$0] }
    }

    /// How many times `pattern` follows from so far ahead.
    private func count(of pattern: UInt8, at distance: Int) -> Int {
        var count = 0
        while byte(distance + count) == pattern { count += 1 }
        return count
    }

    private mutating func keep(_ count: Int = 1) {
        output.append(contentsOf: text[position..<min(text.count, position + count)])
        position += count
    }

    private mutating func blank(_ count: Int = 1) {
        for byte in text[position..<min(text.count, position + count)] {
            output.append(byte == Self.lineFeed ? byte : UInt8(ascii: " "))
        }
        position += count
    }

    private mutating func readCode(_ parentheses: Int) {
        switch byte() {
        case Self.slash where byte(1) == Self.slash: states.append(.lineComment)
        case Self.slash where byte(1) == Self.star: states.append(.blockComment(depth: 0))
        case Self.quote, Self.hash:
            let hashes = count(of: Self.hash, at: 0)
            guard byte(hashes) == Self.quote else { return keep(hashes) }
            let isMultiline = count(of: Self.quote, at: hashes) >= 3
            states.append(.string(hashes: hashes, isMultiline: isMultiline))
            keep(hashes + (isMultiline ? 3 : 1))
        case UInt8(ascii: "("):
            states[states.count - 1] = .code(parentheses: parentheses + 1)
            keep()
        case UInt8(ascii: ")"):
            states[states.count - 1] = .code(parentheses: parentheses - 1)
            // The parenthesis that closes an interpolation returns to its string.
            if parentheses == 1, states.count > 1 { states.removeLast() }
            keep()
        default: keep()
        }
    }

    private mutating func readLineComment() {
        if byte() == Self.lineFeed { states.removeLast() }
        blank()
    }

    private mutating func readBlockComment(_ depth: Int) {
        if isNext(Self.slash, Self.star) {
            states[states.count - 1] = .blockComment(depth: depth + 1)
            blank(2)
        } else if isNext(Self.star, Self.slash) {
            states[states.count - 1] = .blockComment(depth: depth - 1)
            if depth == 1 { states.removeLast() }
            blank(2)
        } else {
            blank()
        }
    }

    private mutating func readString(_ hashes: Int, _ isMultiline: Bool) {
        let quotes = isMultiline ? 3 : 1
        if byte() == Self.backslash, count(of: Self.hash, at: 1) >= hashes {
            blank(1 + hashes)
            if byte() == UInt8(ascii: "(") { states.append(.code(parentheses: 0)) } else { blank() }
        } else if count(of: Self.quote, at: 0) >= quotes,
            count(of: Self.hash, at: quotes) >= hashes
        {
            keep(quotes + hashes)
            states.removeLast()
        } else if byte() == Self.lineFeed, !isMultiline {
            states.removeLast()
        } else {
            blank()
        }
    }
}
