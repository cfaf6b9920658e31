/// The JOSE `typ` of a user token.
public enum TokenType: String, Sendable, Equatable {
    case access = "at+jwt"
    case agent = "agent+jwt"
    case signOff = "signoff+jwt"
}

/// The person on whose behalf a call runs, as a verified token says.
public struct Principal: Sendable, Equatable {
    /// The token's `sub`.
    public var userID: String
    /// What the token is good for.
    public var tokenType: TokenType
    /// What the token allows (RFC 8693, section 4.2, as a set).
    public var scope: Set<String>
    /// Authentication methods (RFC 8176): `pwd`, `otp`.
    public var methods: Set<String>
    /// Unique id of the token (`jti`).
    public var tokenID: String
    /// The agent that acts for the person (`act.sub`), in an agent token.
    public var actor: String?
    /// What a sign-off token consents to: 32 bytes.
    public var digest: [UInt8]?
    /// Seconds since 1970.
    public var expiresAt: Int64

    /// For authenticators, and for tests of handlers.
    public init(
        userID: String, tokenType: TokenType, scope: Set<String> = [], methods: Set<String> = [], tokenID: String,
        actor: String? = nil, digest: [UInt8]? = nil, expiresAt: Int64
    ) {
        self.userID = userID
        self.tokenType = tokenType
        self.scope = scope
        self.methods = methods
        self.tokenID = tokenID
        self.actor = actor
        self.digest = digest
        self.expiresAt = expiresAt
    }
}

/// Verifies the bearer token of a call.
public protocol TokenAuthenticator: Sendable {
    /// - Parameter accepted: the kinds of token that the method takes.
    /// - Throws: `RPCError` UNAUTHENTICATED when the token is not valid, UNAVAILABLE when the keys to check it cannot be had.
    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal
}

/// Who is at the other end of a connection, as its certificate says.
public struct PeerIdentity: Sendable, Equatable {
    /// `spiffe://development.cryptopulse.internal/gateway`
    public let spiffeID: String
    /// The last path component: what policies name.
    public let name: String
    /// The certificate's serial number in lower-case hexadecimal; nil where there is no certificate.
    public let serial: String?

    /// For servers, and for tests of handlers.
    public init(spiffeID: String, name: String, serial: String? = nil) {
        self.spiffeID = spiffeID
        self.name = name
        self.serial = serial
    }
}
