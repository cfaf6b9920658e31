/// The names that follow from an environment (`development`, `staging`, `production`). Environments share no name, key or root,
/// so that what one of them issues is a stranger's in another.
public enum EnvironmentNames {
    /// `development.cryptopulse.internal`
    public static func trustDomain(_ environment: String) -> String {
        "\(environment).cryptopulse.internal"
    }

    /// `spiffe://development.cryptopulse.internal/execution`
    public static func spiffeID(_ environment: String, service: String) -> String {
        "spiffe://\(trustDomain(environment))/\(service)"
    }

    /// The issuer of every token: `https://auth.development.cryptopulse.internal`
    public static func tokenIssuer(_ environment: String) -> String {
        "https://auth.\(trustDomain(environment))"
    }

    /// The audience of access and agent tokens: `cryptopulse-development`
    public static func tokenAudience(_ environment: String) -> String {
        "cryptopulse-\(environment)"
    }
}
