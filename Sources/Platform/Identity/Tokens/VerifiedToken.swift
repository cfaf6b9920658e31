/// What a token says, once every check has passed.
public struct VerifiedToken: Sendable, Equatable {
    /// A random UUID in lower case.
    public let userID: String
    /// JOSE `typ`.
    public let type: String
    public let scope: Set<String>
    /// Authentication methods (RFC 8176): `pwd`, `otp`.
    public let methods: Set<String>
    /// `jti`
    public let tokenID: String
    /// The session, in an access or agent token.
    public let sessionID: String?
    /// The agent that acts for the person, in an agent token.
    public let actor: String?
    /// 32 bytes, in a sign-off.
    public let digest: [UInt8]?
    /// Seconds since 1970.
    public let issuedAt: Int64
    /// Seconds since 1970.
    public let expiresAt: Int64
}
