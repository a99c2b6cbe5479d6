// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// A DATE or DATE-TIME value by itself, before its TZID is known (RFC 5545 §3.3.4, §3.3.5).
enum CalendarValue {
    /// A date.
    case date(CivilDate)
    /// A time without a zone, or in the one of its TZID.
    case local(CivilDateTime)
    /// A time that ends in `Z`.
    case utc(CivilDateTime)

    /// Reads the basic form; also the extended one, and a time without seconds, which some write.
    init?(_ text: some StringProtocol) {
        // Longer than any form of a date and time; what follows copies the text.
        guard text.utf8.count <= 32 else { return nil }
        var text = text.uppercased().trimmingWhitespace()
        let isUTC = text.hasSuffix("Z")
        if isUTC { text.removeLast() }
        switch text.utf8.count {
        case 13 where text.utf8.dropFirst(8).first == UInt8(ascii: "T"): text += "00"
        case 15, 19:
            // A leap second, of which RFC 5545 §3.3.12 says to use 59 where it is unknown.
            if text.hasSuffix("60") {
                text.replaceSubrange(text.index(text.endIndex, offsetBy: -2)..., with: "59")
            }
        default: break
        }
        // `try?`: the two forms exclude each other, and neither reason would help more than "no".
        if let civil = try? CivilDateTime(text) {
            self = isUTC ? .utc(civil) : .local(civil)
        } else if !isUTC, let date = try? CivilDate(text) {
            self = .date(date)
        } else {
            return nil
        }
    }
}
