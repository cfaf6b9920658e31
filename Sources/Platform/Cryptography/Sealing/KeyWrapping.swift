public import Crypto

/// Wraps data keys with a service's key-encryption key (AES key wrap, RFC 3394), so that rotating the latter rewraps
/// a few rows and leaves the data alone.
public struct KeyWrapping: Sendable {
    public enum Failure: Error, Equatable {
        /// Wrong key-encryption key, or bytes that are not a wrapped 256-bit key.
        case notAuthentic
    }

    private let key: SymmetricKey

    /// - Parameter rootSecret: at least 32 bytes; the wrapping key is derived from it by HKDF-SHA256.
    public init(rootSecret: SymmetricKey) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: rootSecret, info: Array("cryptopulse key wrapping v1".utf8), outputByteCount: 32)
    }

    /// - Returns: 40 bytes for a 256-bit key.
    public func wrap(_ dataKey: SymmetricKey) throws -> [UInt8] {
        Array(try AES.KeyWrap.wrap(dataKey, using: key))
    }

    public func unwrap(_ wrapped: [UInt8]) throws(Failure) -> SymmetricKey {
        guard wrapped.count == 40, let dataKey = try? AES.KeyWrap.unwrap(wrapped, using: key) else { throw .notAuthentic }
        return dataKey
    }
}
