public import FoundationEssentials
internal import Cryptography
internal import JWTKit

/// Verifies tokens strictly. JWTKit checks the signature; everything that it lets pass is refused before it sees the token:
/// another `alg` than the key's, an unknown `kid` (it would fall back to a default key), foreign header members, lenient base64url,
/// repeated JSON members (RFC 8725).
public struct TokenVerifier: Sendable {
    /// Seconds that the issuer's clock may be ahead. A token's end has no leeway.
    public static let clockSkew: Int64 = 5

    private let environment: String

    public init(environment: String) {
        self.environment = environment
    }

    /// - Parameters:
    ///   - accepted: the JOSE `typ` values that the caller takes.
    ///   - keys: the issuer's keys; they must be this environment's.
    /// - Throws: `TokenFailure`.
    public func verify(
        _ token: String, accepting accepted: Set<String>, keys: TokenKeySet, now: Date = Date()
    ) async throws -> VerifiedToken {
        let header = try TokenHeader(json: CompactToken(token).header)
        guard accepted.contains(header.kind.rawValue) else { throw TokenFailure.header("typ") }
        guard let key = keys.keys[header.kid] else { throw unknownKey(header.kid, of: token) }
        guard header.algorithm == key.algorithm else { throw TokenFailure.algorithm }
        guard keys.issuer == EnvironmentNames.tokenIssuer(environment) else { throw foreign(keys.issuer, claim: "iss") }
        let claims = try await Self.signedClaims(token, key: key)
        try checkOrigin(claims, header.kind)
        try Self.checkTimes(claims, header.kind, now: Int64(now.timeIntervalSince1970))
        return try Self.verified(claims, header.kind)
    }

    /// Lets JWTKit check the signature with a collection of exactly one key, so that there is no other to fall back to.
    private static func signedClaims(_ token: String, key: TokenKeySet.Key) async throws -> TokenClaims {
        guard JSONMembers.areUnambiguous(try CompactToken(token).payload) else { throw TokenFailure.malformed }
        let only = JWTKeyCollection()
        await only.add(eddsa: EdDSA.PublicKey(backing: key.publicKey), kid: JWKIdentifier(string: key.kid))
        do {
            return try await only.verify(token, as: TokenClaims.self)
        } catch let error as JWTError where error.errorType == .signatureVerificationFailed {
            throw TokenFailure.signature
        } catch {
            throw TokenFailure.claim("payload")
        }
    }

    private func checkOrigin(_ claims: TokenClaims, _ kind: TokenKind) throws(TokenFailure) {
        guard claims.iss == EnvironmentNames.tokenIssuer(environment) else { throw foreign(claims.iss, claim: "iss") }
        guard claims.aud.values == [kind.audience(environment: environment)] else { throw foreign(claims.aud.values.first ?? "", claim: "aud") }
    }

    /// Only the three known names are told: the text of a token is anybody's.
    private func foreign(_ name: String, claim: String) -> TokenFailure {
        guard let found = EnvironmentNames.environment(namedBy: name), found != environment else { return .claim(claim) }
        return .otherEnvironment(found: found, expected: environment)
    }

    /// A key that nobody here knows may be another environment's: what the token says of itself, unverified, is enough to refuse it by.
    private func unknownKey(_ kid: String, of token: String) -> TokenFailure {
        struct Issuer: Decodable { let iss: String }
        guard let payload = try? CompactToken(token).payload, JSONMembers.areUnambiguous(payload),
            let issuer = try? JSONDecoder().decode(Issuer.self, from: Data(payload))
        else { return .unknownKey(kid) }
        guard case .otherEnvironment(let found, let expected) = foreign(issuer.iss, claim: "iss") else { return .unknownKey(kid) }
        return .otherEnvironment(found: found, expected: expected)
    }

    private static func checkTimes(_ claims: TokenClaims, _ kind: TokenKind, now: Int64) throws(TokenFailure) {
        let (lifetime, overflow) = claims.exp.subtractingReportingOverflow(claims.iat)
        guard !overflow, claims.iat >= 0, (1...kind.longestLifetime).contains(lifetime) else { throw .claim("exp") }
        guard claims.iat <= now + clockSkew, claims.nbf ?? 0 <= now + clockSkew else { throw .notYetValid }
        guard claims.exp > now else { throw .expired }
    }

    private static func verified(_ claims: TokenClaims, _ kind: TokenKind) throws(TokenFailure) -> VerifiedToken {
        guard let user = UUID(uuidString: claims.sub), user.uuidString.lowercased() == claims.sub else { throw .claim("sub") }
        guard !claims.jti.isEmpty else { throw .claim("jti") }
        guard !claims.amr.isEmpty else { throw .claim("amr") }
        try checkShape(claims, kind)
        return VerifiedToken(
            userID: claims.sub, type: kind.rawValue,
            scope: Set((claims.scope ?? "").split(separator: " ").map(String.init)), methods: Set(claims.amr),
            tokenID: claims.jti, sessionID: claims.sid, actor: claims.act?.sub, digest: try digest(claims, kind),
            issuedAt: claims.iat, expiresAt: claims.exp)
    }

    /// Each kind has its claims and none of another's.
    private static func checkShape(_ claims: TokenClaims, _ kind: TokenKind) throws(TokenFailure) {
        switch kind {
        case .access, .agent:
            guard claims.scope != nil else { throw .claim("scope") }
            guard claims.sid?.isEmpty == false else { throw .claim("sid") }
            guard (claims.act?.sub.isEmpty == false) == (kind == .agent) else { throw .claim("act") }
            guard claims.digest == nil else { throw .claim("digest") }
        case .signOff:
            guard claims.scope == nil else { throw .claim("scope") }
            guard claims.act == nil else { throw .claim("act") }
        }
    }

    private static func digest(_ claims: TokenClaims, _ kind: TokenKind) throws(TokenFailure) -> [UInt8]? {
        guard kind == .signOff else { return nil }
        guard let digest = claims.digest.flatMap({ Base64URL.decode($0) }), digest.count == 32 else { throw .claim("digest") }
        return digest
    }
}
