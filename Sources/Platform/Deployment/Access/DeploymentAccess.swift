public import AsyncHTTPClient
internal import NIOSSL

/// How a person or operator on this machine reaches a deployment: its ports, and HTTPS that trusts its root alone.
public struct DeploymentAccess: Sendable {
    public let folder: StateFolder

    public init(_ folder: StateFolder) {
        self.folder = folder
    }

    /// The ports of the last start.
    ///
    /// - Throws: `DeploymentError` when the deployment was never started.
    public func ports() throws -> PortPlan {
        guard PrivateFiles.exists(folder.portsFile) else {
            throw DeploymentError("\(folder.path) holds no started deployment; run compose/up first")
        }
        return try PrivateFiles.read(json: folder.portsFile, as: PortPlan.self)
    }

    public func options() throws -> DeploymentOptions {
        try Initializer(folder).options()
    }

    /// An HTTPS client that trusts the deployment's root and nothing else. The caller shuts it down.
    public func makeClient() throws -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(folder.rootCertificate)
        tls.minimumTLSVersion = .tlsv13
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: HTTPClient.Configuration(tlsConfiguration: tls))
    }
}
