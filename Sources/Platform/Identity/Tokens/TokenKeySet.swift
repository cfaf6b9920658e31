public import Crypto
internal import Cryptography
internal import FoundationEssentials

/// The public keys that verify one issuer's tokens. Each key is pinned to one algorithm.
public struct TokenKeySet: Sendable {
    public struct Key: Sendable {
        /// RFC 7638 thumbprint.
        public let kid: String
        /// JOSE name; `EdDSA` with Ed25519 is the one there is.
        public let algorithm: String
        public let publicKey: Curve25519.Signing.PublicKey

        /// - Throws: `TokenFailure.algorithm` for another algorithm, `.unknownKey` when `kid` is not the key's thumbprint.
        public init(kid: String, algorithm: String, publicKey: [UInt8]) throws {
            guard algorithm == TokenKeySet.algorithm else { throw TokenFailure.algorithm }
            try self.init(Curve25519.Signing.PublicKey(rawRepresentation: publicKey))
            guard kid == self.kid else { throw TokenFailure.unknownKey(kid) }
        }

        public init(_ publicKey: Curve25519.Signing.PublicKey) {
            kid = TokenKeySet.thumbprint(publicKey)
            algorithm = TokenKeySet.algorithm
            self.publicKey = publicKey
        }
    }

    static let algorithm = "EdDSA"

    /// The issuer whose tokens these keys verify.
    public let issuer: String
    public let keys: [String: Key]

    public init(issuer: String, keys: [Key]) {
        self.issuer = issuer
        self.keys = Dictionary(keys.map { ($0.kid, $0) }) { first, _ in first }
    }

    /// Differs whenever the keys do: SHA-256 over their sorted ids.
    public var name: [UInt8] {
        Hashing.sha256(Array(keys.keys.sorted().joined(separator: "\n").utf8))
    }

    /// RFC 7638 thumbprint of an Ed25519 key (members in the order of RFC 8037 section 2), base64url.
    public static func thumbprint(_ key: Curve25519.Signing.PublicKey) -> String {
        let members = #"{"crv":"Ed25519","kty":"OKP","x":"\#(Base64URL.encode(key.rawRepresentation))"}"#
        return Base64URL.encode(Hashing.sha256(Array(members.utf8)))
    }
}
