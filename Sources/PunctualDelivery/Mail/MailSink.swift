// SPDX-License-Identifier: Apache-2.0

private import CCurl
internal import NIOPosix
package import PunctualCore

/// Sends e-mail about fired reminders by SMTP (RFC 5321).
///
/// libcurl waits for the server on the thread that calls it; it is called on threads that do
/// nothing else, as many as there are attempts at once.
package struct MailSink: DeliverySink {
    /// The most attempts at once.
    package static let concurrency = 4
    /// The most that an attempt takes; shorter than a delivery's lease.
    static let timeout = Duration.seconds(30)

    private let configuration: MailConfiguration
    private let zones: any ZoneSource
    private let threads = NIOThreadPool(numberOfThreads: Self.concurrency)

    /// Creates a sink; its threads begin at once.
    package init(_ configuration: MailConfiguration, zones: any ZoneSource) {
        (self.configuration, self.zones) = (configuration, zones)
        threads.start()
    }

    package func deliver(_ delivery: Delivery, json: String) async throws(DeliveryFailure) {
        guard let recipient = MailAddress(delivery.key.target) else {
            throw DeliveryFailure("the address is not one in ASCII", isPermanent: true)
        }
        let message = MailMessage(
            delivery,
            json: json,
            from: configuration.sender,
            to: recipient,
            zones: zones
        )
        let outcome: MailOutcome
        do {
            outcome = try await threads.runIfActive { [configuration] in
                send(message.text, to: recipient, by: configuration)
            }
        } catch { throw DeliveryFailure("the sink is closed") }
        if let failure = outcome.failure { throw failure }
    }

    package func close() async {
        // It fails only when the threads have ended already.
        try? await threads.shutdownGracefully()
    }
}

/// How one attempt ended, as libcurl says it.
struct MailOutcome: Sendable {
    /// libcurl's code; 0 when the server has taken the mail.
    let code: Int32
    /// The server's last reply, such as 550; 0 when there was none.
    let status: Int
    let text: String

    /// libcurl's codes for a server that could not be made secure, or did not believe who we are:
    /// whatever it replied says nothing about this mail.
    private static let ownTroubles: Set<Int32> = [35, 58, 60, 64, 67, 77]

    /// Why it did not succeed; nil when it did.
    ///
    /// A reply of 5xx to the mail itself is final (RFC 5321 §4.2.1).
    var failure: DeliveryFailure? {
        guard code != 0 else { return nil }
        let isAboutMail = !Self.ownTroubles.contains(code) && status >= 400
        let reason = isAboutMail ? "SMTP \(status): \(text)" : "SMTP: \(text)"
        return DeliveryFailure(reason, isPermanent: isAboutMail && (500..<600).contains(status))
    }
}

/// Hands a mail to the server and waits for its answer.
private func send(
    _ message: String,
    to recipient: MailAddress,
    by configuration: MailConfiguration
) -> MailOutcome {
    var message = message
    let milliseconds = Int(MailSink.timeout.components.seconds) * 1_000
    // SAFETY: every pointer is valid until the call returns, and libcurl keeps none of them.
    return message.withUTF8 { content in
        unsafe withCStrings([
            configuration.url, configuration.username, configuration.password,
            configuration.authorities, configuration.sender.address, recipient.address,
        ]) { texts in
            var mail = unsafe punctual_mail(
                url: texts[0],
                username: texts[1],
                password: texts[2],
                authorities: texts[3],
                sender: texts[4],
                recipient: texts[5],
                message: UnsafeRawPointer(content.baseAddress)?
                    .assumingMemoryBound(to: CChar.self),
                length: content.count,
                requires_tls: configuration.requiresTLS ? 1 : 0,
                timeout_ms: milliseconds
            )
            var outcome = punctual_mail_outcome()
            unsafe punctual_mail_send(&mail, &outcome)
            let text = unsafe withUnsafeBytes(of: &outcome.error) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            return MailOutcome(
                code: Int32(outcome.code),
                status: outcome.status,
                text: printable(text.isEmpty ? "libcurl gave up with code \(outcome.code)" : text)
            )
        }
    }
}

/// Calls `body` with the texts as C has them, NULL for nil.
private func withCStrings<Result>(
    _ texts: [String?],
    _ body: ([UnsafePointer<CChar>?]) -> Result
) -> Result {
    // SAFETY: the arrays outlive the pointers into them, which `body` does not keep.
    let arrays = texts.map { $0.map { ContiguousArray($0.utf8CString) } }
    func next(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
        guard index < arrays.count else { return unsafe body(pointers) }
        guard let array = arrays[index] else { return unsafe next(index + 1, pointers + [nil]) }
        return unsafe array.withUnsafeBufferPointer { buffer in
            unsafe next(index + 1, pointers + [buffer.baseAddress])
        }
    }
    return unsafe next(0, [])
}

/// A server's words, fit for a log and for PostgreSQL.
private func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }.prefix(200)
    return String(String.UnicodeScalarView(scalars))
}
