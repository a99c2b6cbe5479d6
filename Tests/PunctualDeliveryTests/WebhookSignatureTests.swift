// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import Testing

@testable import PunctualDelivery

@Suite struct WebhookSignatureTests {
    @Test func `signs the specification's example`() throws {
        let signature = try WebhookSignature(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(
            signature.sign(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
                timestamp: 1_614_265_330,
                body: "{\"test\": 2432232314}"
            )
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        )
    }

    @Test func `takes a secret without the prefix as it is`() throws {
        let raw = try WebhookSignature(secret: "secret")
        let encoded = try WebhookSignature(secret: "whsec_c2VjcmV0")
        #expect(
            raw.sign(id: "a", timestamp: 1, body: "b")
                == encoded.sign(id: "a", timestamp: 1, body: "b")
        )
    }

    @Test(arguments: ["", "whsec_", "whsec_a", "whsec_ä===", "whsec_a b="])
    func `refuses what is no secret`(secret: String) {
        #expect(throws: DeliveryError.self) { try WebhookSignature(secret: secret) }
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func `Base64 is that of RFC 4648`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: 1...50) func `Base64 brings back every byte`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<Int(seed)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes, "seed \(seed)")
    }
}
