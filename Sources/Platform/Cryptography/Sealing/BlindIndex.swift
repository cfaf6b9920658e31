public import Crypto

/// Finds rows by an encrypted value: equal values have equal indexes, and without the key an index says nothing.
public struct BlindIndex: Sendable {
    private let key: KeySource
    private let purpose: [UInt8]

    /// - Parameter purpose: keeps indexes of different columns apart: `accounts.email`.
    public init(key: KeySource, purpose: String) {
        self.key = key
        self.purpose = Array(purpose.utf8)
    }

    public init(key: SymmetricKey, purpose: String) {
        self.init(key: KeySource(key), purpose: purpose)
    }

    /// HMAC-SHA256 over the purpose and the value, 32 bytes. The caller normalises the value first.
    ///
    /// - Throws: what the key's holder says.
    public func index(of value: String) throws -> [UInt8] {
        // The purpose is the code's own text without NUL bytes, so the separator is unambiguous.
        Hashing.hmacSHA256(purpose + [0] + value.utf8, key: try key.key())
    }
}
