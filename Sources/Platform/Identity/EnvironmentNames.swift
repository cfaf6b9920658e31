/// The names that follow from an environment (`development`, `staging`, `production`). Environments share no name, key or root,
/// so that what one of them issues is a stranger's in another.
public enum EnvironmentNames {
    public static let all = ["development", "staging", "production"]

    /// The environment whose issuer, or whose audience of access tokens or sign-offs, this is; nil for any other text.
    static func environment(namedBy text: String) -> String? {
        all.first { [tokenIssuer($0), tokenAudience($0), spiffeID($0, service: "execution")].contains(text) }
    }

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
