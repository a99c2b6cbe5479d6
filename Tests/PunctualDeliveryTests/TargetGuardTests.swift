// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

@testable import PunctualDelivery

@Suite struct TargetGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
        "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1",
        "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
    ])
    func `refuses addresses that are not public`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(try !TargetGuard().permits(address, of: "example.com"))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2600::1", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2001:4860:4860::8888",
    ])
    func `lets public addresses through`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(try TargetGuard().permits(address, of: "example.com"))
    }

    @Test func `lets through what is allowed, by range, address and host`() throws {
        let targetGuard = try TargetGuard(
            allowing: "10.1.0.0/16, fd00::/8 127.0.0.1,Hooks.Internal."
        )
        let permits = { (address: String, host: String) in
            IPAddress(address).map { targetGuard.permits($0, of: host) }
        }
        #expect(permits("10.1.2.3", "a") == true)
        #expect(permits("10.2.0.1", "a") == false)
        #expect(permits("fd12::1", "a") == true)
        #expect(permits("127.0.0.1", "a") == true)
        #expect(permits("127.0.0.2", "a") == false)
        #expect(permits("192.168.1.1", "hooks.internal") == true)
        #expect(permits("192.168.1.1", "other.internal") == false)
    }

    @Test(arguments: ["10.0.0.0/33", "10.0.0.0/x", "::/129", "a b/c", "http://x", "10.0.0.0/-1"])
    func `refuses a list that it cannot read`(list: String) {
        #expect(throws: DeliveryError.self) { try TargetGuard(allowing: list) }
    }

    @Test(arguments: [
        "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.0.0.1.",
        "localhost", "LOCALHOST.", "[::1]", "[::ffff:127.0.0.1]", "0", "[::]",
    ])
    func `refuses every spelling of this machine`(host: String) async throws {
        let configuration = try WebhookConfiguration(url: "http://\(host):9/", secret: nil)
        let found: [IPAddress]
        do {
            found = try await SystemResolver().addresses(of: configuration.url.host, port: 9)
        } catch {
            return  // Not resolved is not connected to.
        }
        #expect(!found.isEmpty)
        #expect(throws: DeliveryFailure.self) {
            try configuration.targetGuard.permitted(found, of: configuration.url.host)
        }
    }

    @Test(arguments: [
        ("1.2.3.4", "1.2.3.4"), ("::", "0:0:0:0:0:0:0:0"), ("1::", "1:0:0:0:0:0:0:0"),
        ("::1.2.3.4", "0:0:0:0:0:0:102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("FE80::A", "fe80:0:0:0:0:0:0:a"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ])
    func `reads and prints addresses`(text: String, printed: String) {
        #expect(IPAddress(text)?.description == printed)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.+4", ":", ":::", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1::2::3", "::12345", "::+1", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3",
        "1.2.3.4::", "fe80::1%eth0",
    ])
    func `refuses what is no address`(text: String) { #expect(IPAddress(text) == nil) }
}

@Suite struct WebhookURLTests {
    @Test(arguments: [
        ("https://Example.COM", "https://example.com:443/"),
        ("HTTP://example.com./a?b=c", "http://example.com:80/a?b=c"),
        ("https://example.com:8443/%20x", "https://example.com:8443/%20x"),
        ("https://example.com?q", "https://example.com:443/?q"),
        ("http://[::1]:9/", "http://[0:0:0:0:0:0:0:1]:9/"),
        ("http://a_b.example/", "http://a_b.example:80/"),
    ])
    func `normalises a URL`(text: String, normalised: String) throws {
        #expect(try WebhookURL(text).text == normalised)
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com/", "https://", "https:///path", "https://a@b/",
        "https://a:b@c/", "https://example.com:0/", "https://example.com:65536/",
        "https://example.com:/", "https://exa mple.com/", "https://example.com\\@evil/",
        "https://example.com/#x", "https://ex\u{e4}mple.com/", "https://[::1/",
        "https://[1.2.3.4]/",
        "https://[::1%25eth0]/", "https://.example.com/", "https://a..b/", "https://a/\u{0}",
        "unix:///socket", "http+unix://socket/", "https://example.com:+80/",
    ])
    func `refuses what two parsers could read differently`(text: String) {
        #expect(throws: DeliveryError.self) { try WebhookURL(text) }
    }

    @Test func `refuses a long URL`() {
        let text = "https://example.com/" + String(repeating: "a", count: 2_048)
        #expect(throws: DeliveryError.self) { try WebhookURL(text) }
    }
}

@Suite struct RetryAfterTests {
    let now = WallInstant(secondsSinceEpoch: 784_111_717)

    @Test(arguments: [
        ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 60),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
    ])
    func `reads seconds and dates`(value: String, seconds: Int) {
        #expect(RetryAfter.delay(value, now: now) == .seconds(seconds))
    }

    @Test(arguments: ["", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49 GMT", "a b c d e GMT"])
    func `passes over what it cannot read`(value: String) {
        #expect(RetryAfter.delay(value, now: now) == nil)
    }
}
