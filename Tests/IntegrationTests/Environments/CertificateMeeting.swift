import Foundation
import Identity
import Logging
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import TestSupport

/// A listener and a client over real TLS, of two environments. Each side trusts both roots, as if somebody had mixed them up: the names must do.
struct CertificateMeeting {
    let owner: String
    let host: String

    private static let method = MethodDescriptor(
        service: "test.v1.Test", name: "Echo", kind: .unary,
        policy: MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"], defaultDeadline: .seconds(20)))

    /// A client of `owner` calls a listener of `host`.
    func client() async throws -> String? {
        let log = LogRecorder()
        let failed = try await call(listener: host, client: owner, clientExpects: host, log: log)
        guard failed != nil else { return nil }
        try await eventually("the refusal is logged") { !log.lines.filter { $0.contains("trust domain") }.isEmpty }
        return log.lines.joined(separator: "\n")
    }

    /// A client of `host` calls a listener of `owner`.
    func server() async throws -> String? {
        try await call(listener: owner, client: host, clientExpects: host, log: LogRecorder())
    }

    /// - Returns: what the client was told, or found.
    private func call(listener: String, client: String, clientExpects: String, log: LogRecorder) async throws -> String? {
        let folder = FileManager.default.temporaryDirectory.path + "/environments-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let roots = try Dictionary(uniqueKeysWithValues: Set([listener, client]).map { ($0, try CertificateAuthority.makeRoot(environment: $0)) })
        func credentials(_ environment: String, _ name: String) throws -> MeshTLSCredentials {
            guard let root = roots[environment] else { throw CocoaError(.featureUnsupported) }
            let leaf = try root.issue(service: name, environment: environment)
            let path = "\(folder)/\(name)"
            try leaf.certificatePEM.write(toFile: path + ".pem", atomically: true, encoding: .utf8)
            try Data(leaf.privateKeyPEM.utf8).write(to: URL(filePath: path + "-key.pem"))
            chmod(path + "-key.pem", 0o600)
            try roots.values.map(\.certificatePEM).joined(separator: "\n").write(toFile: folder + "/roots.pem", atomically: true, encoding: .utf8)
            return MeshTLSCredentials(certificateChainPath: path + ".pem", privateKeyPath: path + "-key.pem", trustRootsPath: folder + "/roots.pem")
        }
        let server = MeshServer(
            services: [ServiceDefinition(name: "test.v1.Test", methods: [MethodImplementation(Self.method, .unary { message, _ in message })])],
            authenticator: nil, tls: try .meshServer(try credentials(listener, "execution"), trustDomain: EnvironmentNames.trustDomain(listener)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log.logger)
        let port = try await server.start(host: "127.0.0.1", port: 0)
        let caller = MeshClient(
            host: "127.0.0.1", port: port,
            tls: try .meshClient(
                try credentials(client, "gateway"), trustDomain: EnvironmentNames.trustDomain(clientExpects), expecting: "execution"),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log.logger)
        defer {
            Task {
                await caller.close()
                await server.shutdown(grace: .zero)
            }
        }
        do {
            _ = try await caller.unary(Self.method, ByteBuffer(string: "hello"), options: CallOptions(timeout: .seconds(10)))
            return nil
        } catch {
            return "\(error) \((error as? RPCError)?.cause.map { "\($0)" } ?? "")"
        }
    }
}
