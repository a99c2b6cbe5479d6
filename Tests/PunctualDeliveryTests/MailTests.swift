// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@testable import PunctualDelivery

@Suite struct MailTests {
    private struct NoZones: ZoneSource {
        let version = "test"
        func rules(for identifier: String) -> ZoneRules? { nil }
    }

    private func message(_ title: String) throws -> String {
        let event = Sample.released(1)
        let delivery = Delivery(
            key: Delivery.Key(
                shard: 1,
                eventID: event.id,
                channel: "email",
                target: "ana@example.org"
            ),
            attempts: 1,
            timestamp: Sample.start,
            json: nil
        )
        var writer = JSONWriter()
        writer.object { $0.member("title", title) }
        return MailMessage(
            delivery,
            json: writer.text,
            from: try #require(MailAddress("Pünctual <reminders@example.org>")),
            to: try #require(MailAddress("ana@example.org")),
            zones: NoZones()
        ).text
    }

    @Test(arguments: [
        "a\r\nBcc: eve@example.org", "a\nX: y\n\nbody", "é\r\n.\r\nMAIL FROM:<eve@example.org>",
        String(repeating: "日本語 ", count: 60), "=?UTF-8?B?eA==?=", "", "\u{2028}\u{85}x",
    ])
    func `whatever a title holds, it is one header and no other`(title: String) throws {
        let text = try message(title)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f || $0 == 0x0d || $0 == 0x0a })
        #expect(!text.replacing("\r\n", with: "").contains { $0 == "\r" || $0 == "\n" })
        #expect(lines.allSatisfy { $0.utf8.count <= 78 && !$0.hasPrefix(".") })
        let names = lines.prefix { !$0.isEmpty }.filter { !$0.hasPrefix(" ") }
            .compactMap { $0.split(separator: ":").first }
        #expect(
            names == [
                "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted",
                "MIME-Version", "Content-Type",
            ]
        )
    }

    @Test func `a repeat has the same Message-ID and the same bytes`() throws {
        let text = try message("Tea")
        #expect(text == (try message("Tea")))
        #expect(text.contains("\r\nMessage-ID: <\(Sample.released(1).id)@example.org>\r\n"))
        #expect(text.contains("\r\nDate: Fri, 15 Jan 2027 08:00:00 +0000\r\n"))
        #expect(text.contains("\r\nSubject: Tea\r\n"))
    }

    @Test(arguments: [
        "ana", "@example.org", "ana@", "ana@b@c", "ana@example.org\r\nRCPT TO:<eve@example.org>",
        "ana@exämple.org", "<ana@example.org", "a b@example.org", "a\n<ana@example.org>",
    ])
    func `what would not be one address is none`(text: String) {
        #expect(MailAddress(text) == nil)
    }

    @Test func `reads the server's URL, whose password may hold anything`() throws {
        let mail = try MailConfiguration(
            url: "smtp://ana%40example.org:p%3A%2F%40ss@Mail.example.org",
            from: "a@example.org"
        )
        #expect(mail.url == "smtp://mail.example.org:587" && mail.requiresTLS)
        #expect(mail.username == "ana@example.org" && mail.password == "p:/@ss")
        let local = try MailConfiguration(url: "smtps://127.0.0.1/", from: "a@example.org")
        #expect(local.url == "smtps://127.0.0.1:465" && !local.requiresTLS)
        #expect(local.username == nil)
    }

    @Test(arguments: [
        "http://mail.example.org", "smtp://", "smtp://user@mail.example.org",
        "smtp://u:p%0A@mail.example.org", "smtp://mail.example.org/path", "smtp://mail:0",
        "smtp://u:%@mail.example.org",
    ])
    func `refuses a URL that it does not understand, and does not repeat it`(url: String) {
        let error = #expect(throws: DeliveryError.self) {
            try MailConfiguration(url: url, from: "a@example.org")
        }
        #expect(error?.code == .invalidMailURL)
        #expect(error?.message.contains("u:p") != true)
    }

    @Test(arguments: [
        (Int32(55), 550, true), (55, 451, false), (8, 554, true), (67, 535, false),
        (64, 220, false), (7, 0, false), (28, 354, false),
    ])
    func `only a final reply to the mail itself is final`(
        code: Int32,
        status: Int,
        isFinal: Bool
    ) {
        let failure = MailOutcome(code: code, status: status, text: "no").failure
        #expect(failure?.isPermanent == isFinal)
        #expect(MailOutcome(code: 0, status: 250, text: "").failure == nil)
    }
}
