public import Crypto

extension SecretBytes {
    /// As key material for AES and HMAC.
    public var symmetricKey: SymmetricKey {
        withUnsafeBytes { SymmetricKey(data: $0) }
    }

    /// As an Ed25519 seed.
    ///
    /// - Throws: `SecretStoreError.Cause.unusable` unless it is 32 bytes long.
    public func ed25519SigningKey() throws -> Curve25519.Signing.PrivateKey {
        guard count == 32 else { throw SecretStoreError.Cause.unusable("an Ed25519 seed has 32 bytes, not \(count)") }
        return try withUnsafeBytes { try Curve25519.Signing.PrivateKey(rawRepresentation: $0) }
    }
}
