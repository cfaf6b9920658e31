/// Where a service's secrets are kept.
public protocol SecretStore: Sendable {
    /// - Parameter name: lower-case letters, digits and hyphens: `data-key`.
    /// - Throws: `SecretStoreError`.
    func secret(named name: String) throws -> SecretBytes
}

/// Why a secret could not be had. For the log: names and reasons, never values.
public enum SecretStoreError: Error, Equatable, CustomStringConvertible {
    case invalidName(String)
    case notFound(String)
    /// The secret lies where others could read or replace it.
    case exposed(String, reason: String)
    case unreadable(String, reason: String)
    case unusable(String)

    public var description: String {
        switch self {
        case .invalidName(let name): "\"\(name)\" cannot be a secret's name: use lower-case letters, digits and hyphens"
        case .notFound(let name): "secret \(name) does not exist"
        case .exposed(let name, let reason): "secret \(name) is refused: \(reason)"
        case .unreadable(let name, let reason): "secret \(name) cannot be read: \(reason)"
        case .unusable(let reason): "a secret does not fit its use: \(reason)"
        }
    }
}
