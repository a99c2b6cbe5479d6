// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// An address of e-mail, with the name of whoever has it.
///
/// It is in ASCII and has nothing that would end a header or an SMTP command, whatever it is made
/// of; quoted local parts, which nobody has, are refused with the rest.
struct MailAddress: Sendable, Hashable {
    /// The longest address, in bytes (RFC 5321 §4.5.3.1.3, without the brackets).
    static let maximumLength = 254

    let name: String
    /// The address without brackets.
    let address: String

    /// What follows the `@`.
    var domain: String { String(address.drop { $0 != "@" }.dropFirst()) }

    /// As a header has it.
    var header: String {
        name.isEmpty ? "<\(address)>" : "\(EncodedWords.encode(name))\r\n <\(address)>"
    }

    /// Parses `address` or `name <address>`; nil for what is neither.
    init?(_ text: String) {
        var address = text[...]
        var name = ""
        if text.hasSuffix(">"), let bracket = text.lastIndex(of: "<") {
            address = text[text.index(after: bracket)...].dropLast()
            name = text[..<bracket].split(separator: " ").joined(separator: " ")
            if name.count > 1, name.hasPrefix("\""), name.hasSuffix("\"") {
                name = String(name.dropFirst().dropLast())
            }
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = address.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7f && !"<>()[],;:\\\"".utf8.contains($0)
        }
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isPlain,
            address.utf8.count <= Self.maximumLength, name.utf8.count <= 200,
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
        else { return nil }
        (self.name, self.address) = (name, String(address))
    }
}

/// Text in headers, as encoded words where it is not plain ASCII (RFC 2047).
enum EncodedWords {
    /// How many bytes of text a word holds, so that it fits on a line with the header's name.
    private static let wordBytes = 39

    /// Encodes a text for an unstructured header or a display name.
    ///
    /// The result holds no line break but those that fold it, each followed by a space.
    static func encode(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                || $0 == 0x20
        }
        if isPlain, text.utf8.count <= 60, !text.hasPrefix(" "), !text.hasSuffix(" ") {
            return text
        }
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            // A word holds whole characters (§5).
            let bytes = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > wordBytes { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Base64.encode($0))?=" }.joined(separator: "\r\n ")
    }
}
