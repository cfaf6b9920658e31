import Deployment
import MeshRuntime
import MeshTLS
import MeshTool
import ServiceAPI
import ServiceKit

/// The mesh as the operator of this machine's deployment sees it.
struct OperatorMesh {
    let folder: StateFolder

    init(_ folder: StateFolder) {
        self.folder = folder
    }

    func withExecution<T>(_ body: (ExecutionV1.ExecutionClient) async throws -> T) async throws -> T {
        try await withClient(to: .execution) { try await body(ExecutionV1.ExecutionClient($0)) }
    }

    func withIdentity<T>(_ body: (AuthV1.IdentityClient) async throws -> T) async throws -> T {
        try await withClient(to: .auth) { try await body(AuthV1.IdentityClient($0)) }
    }

    func withAccounts<T>(_ body: (AuthV1.AccountsClient) async throws -> T) async throws -> T {
        try await withClient(to: .auth) { try await body(AuthV1.AccountsClient($0)) }
    }

    /// Runs `body` with a client of the process called `name`, and closes the client.
    func withClient<T>(to name: ServiceName, _ body: (MeshClient) async throws -> T) async throws -> T {
        try await peer(name).withClient(body)
    }

    /// - Throws: as ``endpoint(of:)`` and ``tls(to:)``.
    func peer(_ name: ServiceName) throws -> MeshPeer {
        let endpoint = try endpoint(of: name)
        return MeshPeer(host: endpoint.host, port: endpoint.port, tls: try tls(to: name))
    }

    /// - Throws: `DeploymentError` when the deployment was never started.
    func endpoint(of name: ServiceName) throws -> Endpoint {
        try DeploymentAccess(folder).ports().listen(name)
    }

    /// The operator's certificate, and that the peer must be `name`.
    func tls(to name: ServiceName) throws -> MeshTLSContext {
        let credentials = MeshTLSCredentials(
            certificateChainPath: folder.operatorTLS + "/cert.pem", privateKeyPath: folder.operatorTLS + "/key.pem",
            trustRootsPath: folder.operatorTLS + "/roots.pem")
        let environment = try DeploymentAccess(folder).options().environment
        return try MeshTLSContext.meshClient(credentials, trustDomain: "\(environment).cryptopulse.internal", expecting: name.rawValue)
    }
}
