internal import Secrets

/// An access key, for a while.
struct AWSCredential: Sendable {
    let accessKeyID: String
    let secretAccessKey: SecretBytes
    let sessionToken: SecretBytes?
    /// Seconds since 1970; nil for one that does not end.
    let expires: Int64?

    /// Before its end a new one is fetched: as early as AWS's own SDKs.
    static let earliness: Int64 = 300

    func isUsable(at now: Int64) -> Bool {
        expires.map { now < $0 - Self.earliness } ?? true
    }
}
