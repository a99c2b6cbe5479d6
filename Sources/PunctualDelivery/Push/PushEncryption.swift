// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A message that only one browser can read (RFC 8291, `aes128gcm` of RFC 8188).
enum PushEncryption {
    /// The most that is encrypted, in bytes: with header, delimiter and tag it is one record of
    /// 4,096, which every push service takes.
    static let maximumPlaintext = 4_096 - headerBytes - 1 - 16
    private static let headerBytes = 16 + 4 + 1 + 65
    private static let recordSize: [UInt8] = [0, 0, 0x10, 0]

    /// Encrypts a message of at most ``maximumPlaintext`` bytes.
    ///
    /// - Parameters:
    ///   - plaintext: the message.
    ///   - publicKey: the browser's point on P-256, uncompressed (`p256dh`).
    ///   - secret: the browser's 16 bytes (`auth`).
    ///   - key: used for this message alone.
    ///   - salt: 16 random bytes.
    /// - Returns: the body of a request with `Content-Encoding: aes128gcm`.
    /// - Throws: when the point is not on the curve.
    static func encrypt(
        _ plaintext: [UInt8],
        publicKey: [UInt8],
        secret: [UInt8],
        key: P256.KeyAgreement.PrivateKey = .init(),
        salt: [UInt8] = (0..<16).map { _ in .random(in: 0 ... .max) }
    ) throws -> [UInt8] {
        let receiver = try P256.KeyAgreement.PublicKey(x963Representation: publicKey)
        let sender = Array(key.publicKey.x963Representation)
        let shared = try key.sharedSecretFromKeyAgreement(with: receiver)
        let material = shared.hkdfDerivedSymmetricKey(
            using: SHA256.self,
            salt: secret,
            sharedInfo: Array("WebPush: info\0".utf8) + publicKey + sender,
            outputByteCount: 32
        )
        func derive(_ info: String, _ count: Int) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: material,
                salt: salt,
                info: Array("Content-Encoding: \(info)\0".utf8),
                outputByteCount: count
            )
        }
        // SAFETY: the bytes are copied while the key is there.
        let nonce = unsafe derive("nonce", 12).withUnsafeBytes { unsafe Array($0) }
        // A delimiter of 2 ends the last record (RFC 8188 §2).
        let sealed = try AES.GCM.seal(
            plaintext + [2],
            using: derive("aes128gcm", 16),
            nonce: AES.GCM.Nonce(data: nonce)
        )
        return salt + recordSize + [UInt8(sender.count)] + sender + sealed.ciphertext + sealed.tag
    }
}
