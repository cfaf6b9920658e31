/// Where the secrets of a deployment's services lie.
public enum SecretsPlace: String, Codable, Sendable, CaseIterable {
    /// One encrypted file for each service; its wrapping key lies outside the state folder.
    case sealed
    /// Files in clear that only their owner may read: for an orchestrator that mounts them.
    case files
}
