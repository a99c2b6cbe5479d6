// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

/// The mail about a fired reminder (RFC 5322), the same at every attempt.
///
/// Its `Message-ID` is that of the event, so that a repeat is recognised. Whatever comes from a
/// user is an encoded word or Base64, so that nothing of it is taken for a header.
struct MailMessage: Sendable {
    /// Lines in Base64 are as long as RFC 2045 §6.8 allows.
    private static let encodedLine = 57

    /// The whole message, with CRLF.
    let text: String

    /// Writes the mail about the event that `json` is.
    init(
        _ delivery: Delivery,
        json: String,
        from sender: MailAddress,
        to recipient: MailAddress,
        zones: any ZoneSource
    ) {
        // What cannot be read is shown as a reminder without a title.
        let event = (try? JSONReader.read(Array(json.utf8))) ?? .null
        let reminder = Reminder(event, zones)
        let boundary = "=_\(delivery.key.eventID)"
        let plain = reminder.lines.joined(separator: "\r\n") + "\r\n"
        let html =
            "<!doctype html><html><body>"
            + reminder.lines.enumerated().map { index, line in
                index == 0 ? "<h2>\(Self.escaped(line))</h2>" : "<p>\(Self.escaped(line))</p>"
            }.joined() + "</body></html>\r\n"
        text = [
            "From: \(sender.header)",
            "To: \(recipient.header)",
            "Subject: \(EncodedWords.encode(reminder.title))",
            "Date: \(Self.date(delivery.timestamp))",
            "Message-ID: <\(delivery.key.eventID)@\(sender.domain)>",
            "List-Id: <reminders.\(sender.domain)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"",
            "",
            Self.part("text/plain", plain, boundary),
            Self.part("text/html", html, boundary),
            "--\(boundary)--",
            "",
        ].joined(separator: "\r\n")
    }

    private static func part(_ type: String, _ content: String, _ boundary: String) -> String {
        let bytes = Array(content.utf8)
        let lines = stride(from: 0, to: bytes.count, by: encodedLine).map { start in
            Base64.encode(Array(bytes[start..<min(start + encodedLine, bytes.count)]))
        }
        let head = [
            "--\(boundary)", "Content-Type: \(type); charset=utf-8",
            "Content-Transfer-Encoding: base64", "",
        ]
        return (head + lines).joined(separator: "\r\n")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\n", with: "<br>")
    }

    /// RFC 5322 §3.3, in UTC.
    static func date(_ instant: WallInstant) -> String {
        let time = CivilDateTime(secondsSinceEpoch: instant.secondsSinceEpoch)
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = time.date
        return "\(weekday(date)), \(digits(date.day)) \(months[date.month - 1]) \(date.year) "
            + "\(digits(time.hour)):\(digits(time.minute)):\(digits(time.second)) +0000"
    }

    fileprivate static func weekday(_ date: CivilDate) -> String {
        // 1970-01-01 was a Thursday.
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        return days[((date.daysSinceEpoch % 7) + 7) % 7]
    }
}

/// What a person is told of a fired reminder.
private struct Reminder {
    let title: String
    private(set) var lines: [String]

    init(_ event: JSONValue, _ zones: any ZoneSource) {
        let data = event["task_data"] ?? .null
        title = event["title"]?.words ?? "Reminder"
        lines = [title]
        // Times that cannot be read are left out: the title says the most.
        if let due = event["due_at"]?.words.flatMap({ try? WallInstant(rfc3339: $0) }) {
            let zone = data["timezone"]?.words.flatMap { zones.rules(for: $0) } ?? .utc
            let local = zone.localTime(at: due)
            let clock = String(local.description.dropFirst(11).prefix(5))
            let day = "\(MailMessage.weekday(local.date)), \(local.date.description)"
            lines.append("Due \(day) at \(clock) (\(zone.identifier))")
        }
        if let description = data["description"]?.words, !description.isEmpty {
            lines.append(description)
        }
    }
}

extension JSONValue {
    fileprivate var words: String? { if case .string(let text) = self { text } else { nil } }
}
