public import FoundationEssentials

/// The key that a sealed file's data key is wrapped under. Where it lives is its own business: memory, or a device that never lets it out.
public protocol WrappingKey: Sendable {
    /// Wraps a new data key.
    ///
    /// - Throws: `SecretStoreError.Cause`.
    func wrap(_ dataKey: SecretBytes) async throws -> WrappedKey

    /// - Throws: `SecretStoreError.Cause`: `wrongKey` when `wrapped` names another key, `tampered` when it names this one and does not open.
    func unwrap(_ wrapped: WrappedKey) async throws -> SecretBytes
}

/// A wrapped data key, and what is needed to find the key that opens it. Nothing in it is secret.
public struct WrappedKey: Codable, Sendable, Equatable {
    /// How it was wrapped.
    public enum Method: String, Codable, Sendable {
        /// AES-KWP (RFC 5649) with a 256-bit key.
        case keyWrap = "A256KWP"
        /// AES-256-GCM inside a PKCS#11 device: 12 bytes of nonce, ciphertext, tag.
        case device = "PKCS11-A256GCM"
    }

    /// What a passphrase was stretched with (Argon2id).
    public struct Stretching: Codable, Sendable, Equatable {
        public var salt: Data
        public var memoryKiB: UInt32
        public var passes: UInt32
        public var lanes: UInt32
    }

    public var method: Method
    /// Names the wrapping key without telling it: a wrong key is told from changed bytes.
    public var keyID: String
    public var bytes: Data
    public var stretching: Stretching?

    public init(method: Method, keyID: String, bytes: Data, stretching: Stretching? = nil) {
        self.method = method
        self.keyID = keyID
        self.bytes = bytes
        self.stretching = stretching
    }

    /// - Throws: `wrongKey`, `unusable`.
    package func check(method expected: Method, keyID given: String) throws(SecretStoreError.Cause) {
        guard method == expected else {
            throw .unusable("it is wrapped by \(method.rawValue), and the key given wraps by \(expected.rawValue)")
        }
        guard keyID == given else { throw .wrongKey(needed: keyID, given: given) }
    }
}
