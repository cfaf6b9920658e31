internal import FoundationEssentials

/// The JOSE header as auth writes it: `alg`, `typ` and `kid`, and nothing else. What could bring its own key
/// (`jwk`, `jku`, `x5u`, `x5c`) or rules (`crit`, `b64`) is thereby refused (RFC 8725 sections 3.1, 3.10, 3.11).
struct TokenHeader {
    let algorithm: String
    let kind: TokenKind
    let kid: String

    init(json: [UInt8]) throws(TokenFailure) {
        guard JSONMembers.areUnambiguous(json), let members = try? JSONDecoder().decode([String: String].self, from: Data(json)) else {
            throw .malformed
        }
        if let surplus = members.keys.filter({ !["alg", "typ", "kid"].contains($0) }).min() { throw .header(surplus) }
        guard let algorithm = members["alg"] else { throw .header("alg") }
        guard let kind = members["typ"].flatMap(TokenKind.init(rawValue:)) else { throw .header("typ") }
        guard let kid = members["kid"], !kid.isEmpty else { throw .header("kid") }
        self.algorithm = algorithm
        self.kind = kind
        self.kid = kid
    }
}
