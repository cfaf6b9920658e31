public import Crypto
public import FoundationEssentials
internal import Cryptography
internal import JWTKit

/// A token as it goes out.
public struct IssuedToken: Sendable {
    /// Compact JWS. Bearer: whoever has it may use it.
    public let token: String
    /// Seconds.
    public let expiresIn: UInt32
    /// `jti`
    public let tokenID: String
}

/// Signs the tokens of one environment with one Ed25519 key.
public struct TokenIssuer: Sendable {
    public enum Failure: Error, Equatable {
        /// A narrowed token may not have what the original lacks.
        case scopeNotHeld(Set<String>)
        /// The token to narrow is not an access token of a session, or has no time left.
        case notNarrowable
        /// A digest that is not 32 bytes long.
        case invalidDigest
    }

    private let environment: String
    private let key: Curve25519.Signing.PrivateKey
    /// Names the key in headers: its RFC 7638 thumbprint.
    public let kid: String

    public init(environment: String, key: Curve25519.Signing.PrivateKey) {
        self.environment = environment
        self.key = key
        kid = TokenKeySet.thumbprint(key.publicKey)
    }

    /// What verifiers need.
    public var keySet: TokenKeySet {
        TokenKeySet(issuer: EnvironmentNames.tokenIssuer(environment), keys: [TokenKeySet.Key(key.publicKey)])
    }

    /// A person's token for one session: five minutes.
    public func access(
        userID: String, scope: [String], methods: [String], sessionID: String, now: Date = Date()
    ) async throws -> IssuedToken {
        var claims = claims(.access, userID: userID, methods: methods, now: now)
        claims.scope = scope.joined(separator: " ")
        claims.sid = sessionID
        claims.client_id = "gateway"
        return try await sign(claims, as: .access)
    }

    /// A token with which the agent acts for the bearer of an access token, within `scope` and not beyond that token's end.
    public func agent(for token: VerifiedToken, scope: [String], now: Date = Date()) async throws -> IssuedToken {
        guard let sessionID = token.sessionID, token.type == TokenKind.access.rawValue else { throw Failure.notNarrowable }
        let surplus = Set(scope).subtracting(Self.delegable(token.scope))
        guard surplus.isEmpty else { throw Failure.scopeNotHeld(surplus) }
        var claims = claims(.agent, userID: token.userID, methods: token.methods.sorted(), now: now)
        claims.exp = min(claims.exp, token.expiresAt)
        guard claims.exp > claims.iat else { throw Failure.notNarrowable }
        claims.scope = scope.joined(separator: " ")
        claims.sid = sessionID
        claims.act = TokenClaims.Actor(sub: "agent")
        return try await sign(claims, as: .agent)
    }

    /// What the bearer of `scope` may hand to the agent. `order:propose` stands in no access token, for proposing is not a thing that
    /// people do themselves: it comes with `chat`.
    private static func delegable(_ scope: Set<String>) -> Set<String> {
        scope.contains("chat") ? scope.union(["order:propose"]) : scope
    }

    /// One person's consent to one digest: 120 seconds, for execution alone.
    ///
    /// - Parameter digest: 32 bytes.
    public func signOff(userID: String, digest: [UInt8], methods: [String], now: Date = Date()) async throws -> IssuedToken {
        guard digest.count == 32 else { throw Failure.invalidDigest }
        var claims = claims(.signOff, userID: userID, methods: methods, now: now)
        claims.digest = Base64URL.encode(digest)
        return try await sign(claims, as: .signOff)
    }

    private func claims(_ kind: TokenKind, userID: String, methods: [String], now: Date) -> TokenClaims {
        let issuedAt = Int64(now.timeIntervalSince1970)
        return TokenClaims(
            iss: EnvironmentNames.tokenIssuer(environment), aud: .init(kind.audience(environment: environment)), sub: userID,
            iat: issuedAt, exp: issuedAt + kind.longestLifetime, jti: UUID().uuidString.lowercased(), amr: methods)
    }

    private func sign(_ claims: TokenClaims, as kind: TokenKind) async throws -> IssuedToken {
        let only = JWTKeyCollection()
        await only.add(eddsa: EdDSA.PrivateKey(backing: key), kid: JWKIdentifier(string: kid))
        var header = JWTHeader()
        header.typ = kind.rawValue
        let token = try await only.sign(claims, kid: JWKIdentifier(string: kid), header: header)
        return IssuedToken(token: token, expiresIn: UInt32(clamping: claims.exp - claims.iat), tokenID: claims.jti)
    }
}
