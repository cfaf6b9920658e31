/// Signs with a key that never enters this process.
public protocol RemoteSigner: Sendable {
    /// Ed25519: 32 bytes (RFC 8032). ECDSA P-256: 65 bytes, uncompressed (SEC 1 section 2.3.3).
    ///
    /// - Throws: `SecretStoreError`.
    func publicKey() async throws -> [UInt8]

    /// - Returns: 64 bytes: an Ed25519 signature (RFC 8032), or r and s of ECDSA over SHA-256 of the message.
    /// - Throws: `SecretStoreError`.
    func signature(of message: [UInt8]) async throws -> [UInt8]
}
