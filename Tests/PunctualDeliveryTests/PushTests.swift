// SPDX-License-Identifier: Apache-2.0

import Crypto
import PunctualCore
import PunctualTime
import Testing

@testable import PunctualDelivery

@Suite struct PushTests {
    private func bytes(_ text: String) throws -> [UInt8] { try #require(Base64.decodeURL(text)) }

    /// RFC 8291, appendix A.
    @Test func `encrypts as the standard's example does`() throws {
        let message = try PushEncryption.encrypt(
            Array("When I grow up, I want to be a watermelon".utf8),
            publicKey: bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
            ),
            secret: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
            key: P256.KeyAgreement.PrivateKey(
                rawRepresentation: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
            ),
            salt: bytes("DGv6ra1nlYgDCS1FRnbzlw")
        )
        #expect(
            Base64.encodeURL(message)
                == "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        )
    }

    @Test func `signs a token that the public key verifies`() throws {
        let key = VAPIDKey()
        #expect(try VAPIDKey(key.text).publicText == key.publicText)
        let header = try key.authorization(
            origin: "https://push.example.org",
            contact: "ops@example.org",
            now: Sample.start
        )
        let match = try #require(header.wholeMatch(of: /vapid t=([^.]+\.[^.]+)\.([^.]+), k=(.+)/))
        #expect(String(match.3) == key.publicText)
        let verifier = try P256.Signing.PublicKey(x963Representation: bytes(key.publicText))
        let signature = try P256.Signing.ECDSASignature(
            rawRepresentation: bytes(String(match.2))
        )
        #expect(verifier.isValidSignature(signature, for: Array(match.1.utf8)))
        let claims = try JSONReader.read(
            bytes(String(match.1.split(separator: ".").last ?? ""))
        )
        #expect(claims["aud"] == .string("https://push.example.org"))
        #expect(claims["sub"] == .string("mailto:ops@example.org"))
        #expect(claims["exp"] == .integer(Sample.start.secondsSinceEpoch + 12 * 3_600))
    }

    @Test(arguments: ["", "x", "AAAA", String(repeating: "A", count: 43), "//////////"])
    func `refuses what is no private key`(text: String) {
        #expect(throws: DeliveryError.self) { try VAPIDKey(text) }
    }

    @Test func `a message fits into one record, however long the title`() {
        for title in [String(repeating: "😀", count: 5_000), String(repeating: "\\", count: 5_000)] {
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("title", title)
                writer.member("description", title)
            }
            #expect(PushSink.message(writer.text).count <= PushEncryption.maximumPlaintext)
        }
    }

    @Test func `says what is wrong with a subscription`() throws {
        let point = Array(P256.KeyAgreement.PrivateKey().publicKey.x963Representation)
        let secret = [UInt8](repeating: 1, count: 16)
        func fault(_ endpoint: String, _ point: [UInt8], _ secret: [UInt8]) -> String? {
            PushSink.fault(
                in: PushSubscription(endpoint: endpoint, publicKey: point, secret: secret)
            )
        }
        #expect(fault("https://push.example.org/a?b", point, secret) == nil)
        #expect(fault("http://push.example.org/a", point, secret) != nil)
        #expect(fault("https://u:p@push.example.org/a", point, secret) != nil)
        #expect(fault("https://push.example.org", [4] + secret, secret) != nil)
        #expect(fault("https://push.example.org", point, []) != nil)
    }
}
