public import Crypto

/// The private key of a mesh certificate, or of an issuer: ECDSA on P-256. Printing it shows nothing.
public struct MeshKey: Sendable {
    public struct Unusable: Error, Equatable {}

    let key: P256.Signing.PrivateKey

    /// A fresh key.
    public init() {
        key = P256.Signing.PrivateKey()
    }

    /// - Parameter pem: PKCS#8 or SEC 1.
    /// - Throws: `Unusable`.
    public init(pem: String) throws(Unusable) {
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else { throw Unusable() }
        self.key = key
    }

    /// - Parameter raw: the 32 bytes of the scalar.
    /// - Throws: `Unusable`.
    public init(raw: SymmetricKey) throws(Unusable) {
        guard let key = raw.withUnsafeBytes({ try? P256.Signing.PrivateKey(rawRepresentation: $0) }) else { throw Unusable() }
        self.key = key
    }

    /// The 32 bytes of the scalar, to be wrapped.
    public var raw: SymmetricKey { SymmetricKey(data: key.rawRepresentation) }
    /// PKCS#8. Secret.
    public var pem: String { key.pemRepresentation + "\n" }
    /// The key itself, for an authority.
    public var signingKey: P256.Signing.PrivateKey { key }
}

extension MeshKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "MeshKey(not shown)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
