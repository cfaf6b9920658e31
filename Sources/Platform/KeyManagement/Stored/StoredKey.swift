public import Secrets
internal import Crypto
internal import Cryptography
internal import FoundationEssentials

/// A key that the secret store holds, with its value.
public struct StoredKey: Sendable {
    public let id: String
    public let state: KeyState
    public let value: SecretBytes
    /// The store's own name for it.
    let version: String

    /// A name for a symmetric key that says nothing about it: the first 8 bytes of an HMAC-SHA256 under the key, hexadecimal.
    public static func fingerprint(of key: SecretBytes) -> String {
        Hex.encode(Hashing.hmacSHA256(Array("cryptopulse key id v1".utf8), key: key.symmetricKey).prefix(8))
    }
}

/// What a keyring gives to whoever uses its keys.
public struct HeldKeys: Sendable {
    /// Those that count: exactly one active, perhaps a pending one, perhaps a retiring one; none where a service can do without.
    public let keys: [StoredKey]
    /// Why there are none though there were: the store was silent for longer than its values may be used, has them no more, or refuses.
    public let failure: SecretStoreError?

    init(_ keys: [StoredKey]) {
        self.keys = keys
        failure = nil
    }

    init(putAway failure: SecretStoreError) {
        keys = []
        self.failure = failure
    }
}

/// What one kind of stored key is: where it lies, how it is made and named, how long its changes take.
public struct StoredKeyPlan: Sendable {
    public let kind: KeyKind
    /// The secret's name in the store.
    public let secret: String
    /// Seconds.
    public let lead: Int64
    /// Seconds.
    public let overlap: Int64
    /// Whether a rotation waits until the key before the one in use counts no more: a store keeps one previous version.
    public let keepsLast: Bool
    /// Whether its service can do without: it starts while the store has none, and the only one can be revoked.
    public let isOptional: Bool
    /// Whether data lies wrapped under it, so that it cannot end before another has wrapped that.
    public let wrapsData: Bool
    /// Names a key; throws for one that does not fit its use.
    public let identify: @Sendable (SecretBytes) throws -> String
    /// A new key; nil when such keys come from elsewhere: the service's schema then includes `KeyHistoryTable.requests`.
    public let make: (@Sendable () throws -> SecretBytes)?

    public init(
        kind: KeyKind, secret: String, lead: Int64, overlap: Int64, keepsLast: Bool = true, isOptional: Bool = false, wrapsData: Bool = false,
        identify: @escaping @Sendable (SecretBytes) throws -> String,
        make: (@Sendable () throws -> SecretBytes)? = StoredKeyPlan.random
    ) {
        self.kind = kind
        self.secret = secret
        self.lead = lead
        self.overlap = overlap
        self.keepsLast = keepsLast
        self.isOptional = isOptional
        self.wrapsData = wrapsData
        self.identify = identify
        self.make = make
    }

    /// 32 random bytes.
    public static let random: @Sendable () throws -> SecretBytes = {
        var bytes = SecureRandom.bytes(32)
        return SecretBytes(taking: &bytes)
    }
}
