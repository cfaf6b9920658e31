import Deployment
import Logging
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import ServiceAPI
import ServiceKit

/// The mesh as the operator of this machine's deployment sees it.
struct OperatorMesh {
    let folder: StateFolder

    init(_ folder: StateFolder) {
        self.folder = folder
    }

    func withExecution<T>(_ body: (ExecutionV1.ExecutionClient) async throws -> T) async throws -> T {
        let client = try connect(to: .execution)
        do {
            let result = try await body(ExecutionV1.ExecutionClient(client))
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    private func connect(to name: ServiceName) throws -> MeshClient {
        let access = DeploymentAccess(folder)
        let (endpoint, options) = (try access.ports().listen(name), try access.options())
        let credentials = MeshTLSCredentials(
            certificateChainPath: folder.operatorTLS + "/cert.pem", privateKeyPath: folder.operatorTLS + "/key.pem",
            trustRootsPath: folder.operatorTLS + "/roots.pem")
        let tls = try MeshTLSContext.meshClient(
            credentials, trustDomain: "\(options.environment).cryptopulse.internal", expecting: name.rawValue)
        return MeshClient(
            host: endpoint.host, port: endpoint.port, tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "pulse") { _ in SwiftLogNoOpLogHandler() })
    }
}
