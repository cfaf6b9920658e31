/// Scopes of access tokens that not every person has.
public enum PersonScopes {
    /// An admin's: may record whom they have verified.
    public static let verifyUsers = "users:verify"
    /// A person's whom an admin has verified: may link a live exchange.
    public static let liveExchange = "exchange:live"

    /// Whether somebody with this scope may link an exchange in `environment`. Where there is no real money, anybody may.
    public static func mayLinkExchange(_ scope: Set<String>, in environment: String) -> Bool {
        !needsVerification(in: environment) || scope.contains(liveExchange)
    }

    /// Whether there is real money in `environment`.
    public static func needsVerification(in environment: String) -> Bool { environment == "production" }
}
