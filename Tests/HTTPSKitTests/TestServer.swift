import AsyncHTTPClient
import Foundation
import HTTPSKit
import Hummingbird
import Identity
import Logging
import MeshTLS
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// A real HTTPS server on a free port, with a certificate of its own, and a client that trusts it.
struct TestServer: Sendable {
    let port: Int
    let client: HTTPClient

    func url(_ path: String) -> String { "https://127.0.0.1:\(port)\(path)" }

    func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        try await client.execute(request, timeout: .seconds(10))
    }

    /// Runs `body` against a server of `router`'s routes, then shuts it down gracefully.
    static func with(
        _ router: Router<BasicAPIContext>, limits: HTTPSLimits = .default, _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        let files = try ServerFiles()
        defer { try? FileManager.default.removeItem(at: files.folder) }
        let server = HTTPSServer(
            responder: router.buildResponder(), host: "127.0.0.1", port: 0,
            tls: try .httpsServer(certificateChainPath: files.certificate, privateKeyPath: files.key), limits: limits,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let client = try HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: files.clientConfiguration())
            let port = try await server.port()
            do {
                try await body(TestServer(port: port, client: client))
            } catch {
                try await client.shutdown()
                await group.triggerGracefulShutdown()
                throw error
            }
            try await client.shutdown()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

/// A certificate for 127.0.0.1 in files.
struct ServerFiles {
    let folder: URL
    var certificate: String { folder.appending(path: "cert.pem").path }
    var key: String { folder.appending(path: "key.pem").path }
    private let rootPEM: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "https-kit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let authority = try CertificateAuthority.makeRoot(environment: "test")
        let issued = try authority.issueHTTPS(dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"])
        rootPEM = authority.certificatePEM
        try issued.certificatePEM.write(toFile: folder.appending(path: "cert.pem").path, atomically: true, encoding: .utf8)
        let key = folder.appending(path: "key.pem").path
        try issued.privateKeyPEM.write(toFile: key, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
    }

    func clientConfiguration() throws -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(rootPEM.utf8)))
        return HTTPClient.Configuration(tlsConfiguration: tls)
    }
}
