/// A mesh certificate as it was issued for somebody else's key.
public struct IssuedLeaf: Sendable {
    /// DER: the leaf first, then its issuer.
    public let chain: [[UInt8]]
    /// Lower-case hexadecimal.
    public let serial: String
    public let spiffeID: String
    /// Seconds since 1970.
    public let ends: Int64
}
