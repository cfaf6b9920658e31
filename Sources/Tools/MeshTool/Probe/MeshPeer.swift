import Logging
package import MeshRuntime
package import MeshTLS
import NIOPosix

/// Whom a command talks to, and by which certificates.
package struct MeshPeer: Sendable {
    package let host: String
    package let port: Int
    /// Also says whom the peer has to be.
    package let tls: MeshTLSContext

    package init(host: String, port: Int, tls: MeshTLSContext) {
        self.host = host
        self.port = port
        self.tls = tls
    }

    /// `127.0.0.1:7443`
    package var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Runs `body` with a client of the peer, and closes the client.
    package func withClient<T>(_ body: (MeshClient) async throws -> T) async throws -> T {
        let client = MeshClient(
            host: host, port: port, tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "mesh-tool") { _ in SwiftLogNoOpLogHandler() })
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}
