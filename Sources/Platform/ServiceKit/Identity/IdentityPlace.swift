/// Whose mesh certificate it is, where it lies, and where it comes from.
public struct IdentityPlace: Sendable {
    /// `spiffe://development.cryptopulse.internal/agent`
    public var spiffeID: String
    /// `development.cryptopulse.internal`
    public var trustDomain: String
    /// Of `cert.pem`, `key.pem` and `roots.pem`.
    public var folder: String
    /// One line: a token of auth's, good once.
    public var joinTokenPath: String
    /// auth's port for those without a certificate.
    public var enrolment: Endpoint
    /// auth's mesh port; nil where nothing can be renewed, only enrolled for.
    public var renewal: Endpoint?

    public init(
        spiffeID: String, trustDomain: String, folder: String, joinTokenPath: String, enrolment: Endpoint, renewal: Endpoint?
    ) {
        self.spiffeID = spiffeID
        self.trustDomain = trustDomain
        self.folder = folder
        self.joinTokenPath = joinTokenPath
        self.enrolment = enrolment
        self.renewal = renewal
    }
}
