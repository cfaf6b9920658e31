/// What a version of a secret is for. Each stage stands on at most one version of a secret.
public enum SecretStage: String, Codable, Sendable, Hashable, CaseIterable {
    /// In use. AWS calls it AWSCURRENT.
    case current
    /// Made, and not yet in use: the next to be current.
    case pending
    /// What was current before.
    case previous
}
