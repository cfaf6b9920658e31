internal import Foundation
internal import Identity
internal import SecretStores
internal import Secrets

/// What a role holds beside the keys that its process manages: the keys around its secret store, its HTTPS key, the sandbox's operator token and data
/// key. For when somebody leaves who could have seen them. What runs goes on running.
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
    /// - Parameter tell: called with a line for each thing that is done.
    /// - Throws: `SecretStoreError`, `DeploymentError`, file errors. What was told of is done.
    public func replace(of name: ServiceName, tell: (String) throws -> Void) async throws {
        // First what seals the others.
        if try await secrets.replaceWrappingKey(of: name) {
            try tell("\(name.rawValue)/secrets: sealed anew under another data key and another wrapping key")
        }
        if name.servesHTTPS {
            try HTTPSCertificates(folder: folder).replace(of: name)
            try tell("\(name.rawValue)/HTTPS key: another took its place; certificates of the one before end within 24 hours")
        }
        guard name == .sandboxExchange else { return }
        try await secrets.replaceText("operator-token", of: name)
        try tell("\(name.rawValue)/operator token: another took its place")
        // Nobody asks it over the mesh to rotate one.
        try await secrets.replaceDataKey(of: name)
        try tell("\(name.rawValue)/data key: another took its place; the exchange wraps the keys that seal its database under it within seconds")
    }

    /// Replaces the key that signs HTTPS certificates on this machine, and all that it signed. Needs the offline root.
    ///
    /// - Throws: `DeploymentError` without the root's key.
    public func replaceHTTPSIssuer() throws -> String {
        let ends = try? HTTPSIssuerFile(folder).read().ends
        try HTTPSCertificates(folder: folder).replaceIssuer(try OfflineRoot(folder).read())
        let until = ends.map { "until \(Self.day($0))" } ?? "until it ends"
        return "operator/HTTPS issuer: another took its place, and signed every server's certificate; nothing revokes the one before, which stays good "
            + "\(until) for whoever trusts root.pem: people who must not be deceived with it trust a new root, which is a new state folder"
    }

    private static func day(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601.year().month().day())
    }
}

extension RoleSecrets {
    /// What a role could have seen and only somebody else can replace: a line each, with what to do.
    ///
    /// - Parameter name: nil for all of them, and what the operator could have seen.
    public func leftToOthers(of name: ServiceName?) -> [String] {
        let lines = (name.map { [$0] } ?? ServiceName.allCases).flatMap { name in foreign(name).map { "\(name.rawValue)/\($0)" } }
        return name == nil ? lines + ["operator/root key: where it could be read, nothing replaces it but a new root, which is a new state folder"] : lines
    }

    private func foreign(_ name: ServiceName) -> [String] {
        var lines = secrets.settings(of: name).foreignCredentials
        if name == .execution { lines += (secrets.tradeKeys?.foreignCredentials ?? []).map { "\($0) (trade keys)" } }
        // Its checkpoints are checked with it for ever.
        if name == .audit { lines.append("log-signing: a log keeps its key; where it could have been copied, another log begins with a new state folder") }
        return lines
    }
}
