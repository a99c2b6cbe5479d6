// SPDX-License-Identifier: Apache-2.0

/// Where a function stands in its file, in lines counted from 0.
struct FunctionExtent: Equatable {
    let first: Int
    let last: Int
    var length: Int { last - first + 1 }
}

extension SourceFile {
    /// Every function, initialiser, deinitialiser and subscript that has a body.
    var functions: [FunctionExtent] {
        extents(of: /(^|\s)(func\s|init[?!]?[(<]|deinit\s*\{|subscript[(<])/)
    }

    /// Every property that is computed over several lines.
    private var computedProperties: [FunctionExtent] { extents(of: /(^|\s)var\s.*\{\s*$/) }

    private func extents(of head: Regex<some Any>) -> [FunctionExtent] {
        lines(matching: head).compactMap { first in
            guard let match = code[first].firstMatch(of: head) else { return nil }
            // A call such as `self.init(` or `.init(` is no declaration.
            let before = code[first][..<match.range.lowerBound]
            guard before.allSatisfy({ $0.isLetter || "_ @()".contains($0) }) else { return nil }
            return end(from: first, column: before.count)
                .map { FunctionExtent(first: first, last: $0) }
        }
    }

    /// The line on which the body closes that opens after this place; `nil` without a body.
    private func end(from first: Int, column: Int) -> Int? {
        var (parentheses, braces) = (0, 0)
        for index in first..<code.count {
            let line = index == first ? code[index].dropFirst(column) : code[index][...]
            // A declaration ends with its line unless something is open or goes on below.
            let text = line.drop(while: \.isWhitespace)
            if index > first, parentheses == 0, braces == 0,
                !["{", "->", "where", "throws", "async", ")"].contains(where: text.hasPrefix)
            {
                return nil
            }
            for character in line {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{": if parentheses == 0 || braces > 0 { braces += 1 }
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                default: break
                }
            }
        }
        return nil
    }

    /// Whether one of the comments that cover the line contains `mark`.
    ///
    /// Those are the comments in the function in which it stands, the ones above that function or
    /// above a type around it, and outside of functions the ones just above the line.
    func isCovered(_ line: Int, by mark: String) -> Bool {
        let around = (functions + computedProperties).filter { ($0.first...$0.last).contains(line) }
        if around.contains(where: { lines[$0.first...$0.last].contains { $0.contains(mark) } }) {
            return true
        }
        let heads = around.map(\.first) + [line] + containers(of: line)
        return heads.contains { commentsAbove($0).contains { $0.contains(mark) } }
    }

    /// The lines, innermost first, that open the types around a line.
    private func containers(of line: Int) -> [Int] {
        let head = /\b(class|struct|enum|actor|extension)\s+\w/
        var depth = indentation(of: line)
        return (0..<line).reversed().filter { index in
            guard indentation(of: index) < depth, code[index].contains(head) else { return false }
            depth = indentation(of: index)
            return true
        }
    }

    private func commentsAbove(_ line: Int) -> [String] {
        var comments: [String] = []
        for index in (0..<line).reversed() {
            let text = lines[index].drop(while: \.isWhitespace)
            guard text.hasPrefix("//") || text.hasPrefix("@") else { break }
            comments.append(lines[index])
        }
        return comments
    }

    private func indentation(of line: Int) -> Int {
        lines[line].prefix { $0 == " " }.count
    }

    /// Whether a documentation comment, or the stated reason for none, stands above the line.
    func isDocumented(_ line: Int) -> Bool {
        var index = line - 1
        while index >= 0, code[index].contains(/^\s*(@|\)|\w+:.*[,)]\s*$)/) { index -= 1 }
        guard index >= 0 else { return false }
        let above = lines[index].drop(while: \.isWhitespace)
        return above.hasPrefix("///")
            || above.hasPrefix("// swift-format-ignore: AllPublicDeclarationsHaveDocumentation")
    }
}
