internal import Crypto
internal import Cryptography
internal import FoundationEssentials

/// A 256-bit wrapping key that this process was given: from a key file or the environment.
public struct MemoryWrappingKey: WrappingKey {
    public static let size = 32
    private let key: SecretBytes
    /// The first 8 bytes of a key derived for this alone.
    public let id: String

    /// - Throws: `SecretStoreError.Cause.unusable` unless it has 32 bytes.
    public init(_ key: SecretBytes) throws {
        guard key.count == Self.size else { throw SecretStoreError.Cause.unusable("a wrapping key has \(Self.size) bytes, not \(key.count)") }
        self.key = key
        let named = Hashing.hkdfSHA256(key.symmetricKey, info: Array("cryptopulse wrapping key id v1".utf8), length: 8)
        id = named.withUnsafeBytes { Hex.encode($0) }
    }

    public func wrap(_ dataKey: SecretBytes) throws -> WrappedKey {
        let wrapped = try key.withUnsafeBytes { key in try dataKey.withUnsafeBytes { try PaddedKeyWrapping.wrap($0, under: key) } }
        return WrappedKey(method: .keyWrap, keyID: id, bytes: Data(wrapped))
    }

    public func unwrap(_ wrapped: WrappedKey) throws -> SecretBytes {
        try wrapped.check(method: .keyWrap, keyID: id)
        do {
            var dataKey = try key.withUnsafeBytes { key in try wrapped.bytes.withUnsafeBytes { try PaddedKeyWrapping.unwrap($0, under: key) } }
            return SecretBytes(taking: &dataKey)
        } catch PaddedKeyWrapping.Failure.notAuthentic {
            throw SecretStoreError.Cause.tampered("the wrapped data key does not open")
        }
    }
}
