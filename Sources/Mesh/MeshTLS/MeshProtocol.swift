/// What a mesh client speaks. Decided before it connects, never from what comes.
public enum MeshProtocol: Sendable, Hashable {
    /// `cryptopulse-mesh/1`; a server that does not speak it is refused.
    case mesh
    /// Stock ttrpc 1.2. Offers `ttrpc`, and takes a server that knows nothing of ALPN.
    case baseline
    /// Stock ttrpc 1.2 for a server that refuses every name it does not know: offers none.
    case baselineWithoutALPN

    var alpn: ALPNRule {
        switch self {
        case .mesh: ALPNRule(protocols: [ApplicationProtocol.mesh], mayBeAbsent: false)
        case .baseline: ALPNRule(protocols: [ApplicationProtocol.baseline], mayBeAbsent: true)
        case .baselineWithoutALPN: ALPNRule(protocols: [], mayBeAbsent: true)
        }
    }
}
