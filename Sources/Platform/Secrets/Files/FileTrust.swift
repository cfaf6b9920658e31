/// Whose files are taken for secrets.
public enum FileTrust: String, Codable, Sendable {
    /// This user's own: mode 0600 or less, in a folder of mode 0700 or less, no links.
    case ownedByThisUser = "owned-by-this-user"
    /// A container's secret mount, such as `/run/secrets`: root's or this user's files that nobody else may write and the world may
    /// not read, in a folder that nobody else may write. Links inside it are followed: Kubernetes makes them.
    case containerMount = "container-mount"
}
