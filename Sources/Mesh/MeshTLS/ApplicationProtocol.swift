/// Names for ALPN (RFC 7301).
public enum ApplicationProtocol {
    /// Mesh mode, as `proto/PROTOCOL.md` describes it.
    public static let mesh = "cryptopulse-mesh/1"
    /// Stock ttrpc 1.2, where a listener allows it.
    public static let baseline = "ttrpc"
    /// HTTP/1.1 (RFC 7301 section 6).
    public static let http1 = "http/1.1"

    /// ProtocolNameList (RFC 7301 section 3.1): each name after its length in one byte.
    static func wireList(_ names: [String]) -> [UInt8] {
        names.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
    }
}

/// What an endpoint does about ALPN.
struct ALPNRule: Sendable {
    /// In order of preference.
    var protocols: [String]
    /// A client that offers none is accepted.
    var mayBeAbsent: Bool
}
