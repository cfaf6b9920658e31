public import Crypto
public import FoundationEssentials

/// SHA-256 over plain byte arrays, and comparison that takes the same time wherever two values differ.
public enum Hashing {
    /// 32 bytes.
    public static func sha256(_ bytes: some DataProtocol) -> [UInt8] {
        Array(SHA256.hash(data: bytes))
    }

    /// HMAC-SHA256 (RFC 2104): 32 bytes.
    public static func hmacSHA256(_ message: some DataProtocol, key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
    }

    /// HKDF-SHA256 (RFC 5869), extract and expand.
    ///
    /// - Parameters:
    ///   - length: bytes, at most 8160 (255 hashes).
    ///   - info: what the derived key is for.
    public static func hkdfSHA256(_ key: SymmetricKey, salt: [UInt8] = [], info: [UInt8], length: Int = 32) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, salt: salt, info: info, outputByteCount: min(max(length, 1), 8160))
    }

    /// Compares in time that depends on the lengths only.
    public static func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
