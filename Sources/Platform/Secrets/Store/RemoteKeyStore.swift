/// Makes Ed25519 keys that never leave the place where they are made, and ends them.
///
/// A key is used by the `RemoteSigner` of its name. What `make` returns has been looked at: the store itself says that the private half
/// cannot be taken out.
public protocol RemoteKeyStore: Sendable {
    /// Which sort of store it is: `transit`, `pkcs11`. Kept beside a key's name, so that another sort is not asked for it.
    var kind: String { get }

    /// Which one of its sort, without a secret: where it is, and what in it. Kept beside a key's name, so that another one's word that there is no
    /// such key is not taken for its end.
    var place: String { get }

    /// - Returns: the signer of a new key.
    /// - Throws: `SecretStoreError`: `conflict` when there is a key of this name, `unusable` when the store would give the private half away.
    func make(_ name: RemoteKeyName) async throws -> any RemoteSigner

    /// The signer of a key that was made before.
    ///
    /// - Throws: `SecretStoreError`.
    func signer(_ name: RemoteKeyName) throws -> any RemoteSigner

    /// From the return on nobody signs with the key. The same again changes nothing.
    ///
    /// - Returns: whether it was there.
    /// - Throws: `SecretStoreError`: `denied` where this service may not destroy keys, and the key then is still there.
    @discardableResult func destroy(_ name: RemoteKeyName) async throws -> Bool
}

/// What a key is called in a store that several environments may share: the environment, what the key is for, whose it is, and which.
public struct RemoteKeyName: Sendable, Equatable, CustomStringConvertible {
    private static let separator = "."
    private static let longestPart = 64

    public let environment: String
    public let purpose: String
    public let user: String
    public let id: String

    /// - Throws: `SecretStoreError.Cause.invalidName` for a part that is not 1 to 64 ASCII letters, digits, `-` and `_`.
    public init(environment: String, purpose: String, user: String, id: String) throws(SecretStoreError.Cause) {
        guard [environment, purpose, user, id].allSatisfy(Self.isPlain) else { throw .invalidName }
        self.environment = environment
        self.purpose = purpose
        self.user = user
        self.id = id
    }

    /// Reads a name that was kept.
    ///
    /// - Parameter environment: the one that this process belongs to.
    /// - Throws: `otherEnvironment`, which names both, for another's key; `invalidName` for what is no such name.
    public init(_ text: String, in environment: String) throws(SecretStoreError.Cause) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4 else { throw .invalidName }
        try self.init(environment: parts[0], purpose: parts[1], user: parts[2], id: parts[3])
        guard self.environment == environment else { throw .otherEnvironment(found: self.environment, expected: environment) }
    }

    public var description: String { [environment, purpose, user, id].joined(separator: Self.separator) }

    private static func isPlain(_ part: String) -> Bool {
        (1...longestPart).contains(part.utf8.count)
            && part.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }
}
