/// A workload's name as its X.509-SVID says: `spiffe://development.cryptopulse.internal/gateway`.
///
/// Source: SPIFFE-ID specification, sections 2.1-2.3. Narrower than it in one point: the path is one component, never more.
public struct SPIFFEIdentity: Sendable, Hashable, CustomStringConvertible {
    /// Longest identity that any implementation must accept (section 2.3).
    public static let maxBytes = 2048
    static let maxTrustDomainBytes = 255

    /// `development.cryptopulse.internal`
    public let trustDomain: String
    /// The only path component: `gateway`.
    public let name: String

    /// `spiffe://development.cryptopulse.internal/gateway`
    public var uri: String { "spiffe://\(trustDomain)/\(name)" }
    /// The path of the URI: `/execution`.
    public var path: String { "/\(name)" }
    public var description: String { uri }

    /// - Throws: `PeerRefusal` `.notSPIFFE`, `.malformedTrustDomain` or `.malformedPath`.
    public init(uri: String) throws(PeerRefusal) {
        let scheme = "spiffe://"
        guard uri.utf8.count <= Self.maxBytes, uri.utf8.starts(with: scheme.utf8) else { throw .notSPIFFE(printable(uri)) }
        let rest = uri.utf8.dropFirst(scheme.utf8.count)
        let domainEnd = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let domain = rest[..<domainEnd]
        guard !domain.isEmpty, domain.count <= Self.maxTrustDomainBytes, domain.allSatisfy(isTrustDomainByte) else {
            throw .malformedTrustDomain(printable(uri))
        }
        let component = rest[domainEnd...].dropFirst()
        guard !component.isEmpty, component.allSatisfy(isPathByte), !component.elementsEqual(".".utf8), !component.elementsEqual("..".utf8)
        else { throw .malformedPath(printable(uri)) }
        trustDomain = String(Substring(domain))
        name = String(Substring(component))
    }
}

private func isTrustDomainByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
}

private func isPathByte(_ byte: UInt8) -> Bool {
    isTrustDomainByte(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
}

/// Text from a stranger's certificate as a log line may carry it: printable ASCII, at most 200 bytes.
func printable(_ text: String) -> String {
    let shown = text.utf8.prefix(200).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
    return String(decoding: shown, as: UTF8.self)
}
