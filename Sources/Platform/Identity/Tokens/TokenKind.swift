/// The kinds of token that auth issues, told apart by the JOSE header's `typ`.
public enum TokenKind: String, Sendable, CaseIterable {
    /// A person's access token (RFC 9068).
    case access = "at+jwt"
    /// An access token narrowed for the agent, which names it in `act`.
    case agent = "agent+jwt"
    /// One person's consent to one digest, once.
    case signOff = "signoff+jwt"

    /// Seconds. A token that claims to live longer is refused whoever signed it.
    public var longestLifetime: Int64 {
        switch self {
        case .access, .agent: 300
        case .signOff: 120
        }
    }

    func audience(environment: String) -> String {
        switch self {
        case .access, .agent: EnvironmentNames.tokenAudience(environment)
        case .signOff: EnvironmentNames.spiffeID(environment, service: "execution")
        }
    }
}
