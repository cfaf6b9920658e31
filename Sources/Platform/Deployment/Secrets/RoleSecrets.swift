internal import Cryptography
internal import Secrets

/// What a role holds beside the keys that its process manages: the keys around its secret store, its HTTPS key, the sandbox's operator token. For when
/// somebody leaves who could have seen them. What runs goes on running.
public struct RoleSecrets: Sendable {
    private let folder: StateFolder
    private let secrets: DeploymentSecrets

    /// - Throws: when `folder` is not initialised.
    public init(_ folder: StateFolder) throws {
        self.folder = folder
        secrets = try DeploymentSecrets(folder)
    }

    /// Replaces what `name` holds.
    ///
    /// - Returns: what was done, a line each.
    /// - Throws: `SecretStoreError`, `DeploymentError`, file errors.
    public func replace(of name: ServiceName) async throws -> [String] {
        var done: [String] = []
        if name == .sandboxExchange {
            try await secrets.replaceText("operator-token", of: name)
            done.append("operator token: another took its place")
        }
        if try await secrets.replaceWrappingKey(of: name) { done.append("secrets: sealed anew under another data key and another wrapping key") }
        if name.servesHTTPS {
            try HTTPSCertificates(folder: folder).replace(of: name)
            done.append("HTTPS key: another took its place; certificates of the one before end within 24 hours")
        }
        return done.map { "\(name.rawValue)/\($0)" }
    }

    /// Replaces the key that signs HTTPS certificates on this machine, and all that it signed. Needs the offline root.
    ///
    /// - Throws: `DeploymentError` without the root's key.
    public func replaceHTTPSIssuer() throws -> String {
        try HTTPSCertificates(folder: folder).replaceIssuer(try OfflineRoot(folder).read())
        return "operator/HTTPS issuer: another took its place, and signed every server's certificate; nothing revokes the one before, which ends by itself"
    }
}
