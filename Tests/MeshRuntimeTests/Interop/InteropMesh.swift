import Foundation
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import TestSupport

/// A server of the interoperability service on a free port.
struct InteropMesh {
    let authority: TestAuthority
    let server: MeshServer
    let port: Int
    let log: LogRecorder
    let handlers: InteropService

    static let service = "interop.v1.Test"

    /// - Parameters:
    ///   - methods: served beside those of proto/interop.
    ///   - allowsBaseline: stock ttrpc is spoken too.
    static func start(
        _ methods: [MethodImplementation] = [], authority: TestAuthority? = nil, allowsBaseline: Bool = false
    ) async throws -> InteropMesh {
        let authority = if let authority { authority } else { try await TestAuthority.make() }
        let log = LogRecorder()
        let tls = try MeshTLSContext.meshServer(
            await authority.credentials("execution"), trustDomain: authority.trustDomain, allowsBaseline: allowsBaseline)
        let service = InteropService()
        let generated = ServiceDefinition.test(service)
        let server = MeshServer(
            services: [ServiceDefinition(name: generated.name, methods: generated.methods + methods)], authenticator: nil, tls: tls,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log.logger)
        return InteropMesh(authority: authority, server: server, port: try await server.start(host: "127.0.0.1", port: 0), log: log, handlers: service)
    }

    func client(_ protocol: MeshProtocol = .mesh) async throws -> MeshClient {
        try await Self.client(of: port, authority, `protocol`)
    }

    static func client(of port: Int, _ authority: TestAuthority, _ protocol: MeshProtocol) async throws -> MeshClient {
        MeshClient(
            host: "127.0.0.1", port: port, tls: try await authority.client(protocol: `protocol`), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: LogRecorder().logger)
    }

    func stop() async {
        await server.shutdown(grace: .zero)
    }

    /// A method that is not in proto/interop.
    static func descriptor(
        _ name: String, _ kind: MethodDescriptor.Kind = .unary, defaultDeadline: Duration = .seconds(20)
    ) -> MethodDescriptor {
        MethodDescriptor(
            service: service, name: name, kind: kind,
            policy: MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"], defaultDeadline: defaultDeadline))
    }

    static func method(
        _ name: String, defaultDeadline: Duration = .seconds(20), _ body: @escaping @Sendable (ServerContext) async throws -> String
    ) -> MethodImplementation {
        .unary(descriptor(name, defaultDeadline: defaultDeadline)) { (_: InteropV1.Empty, context) in
            InteropV1.SimpleResponse(payload: InteropV1.Payload(body: Array(try await body(context).utf8)))
        }
    }
}

extension CallChannel {
    /// Calls a method that takes nothing and answers with text.
    func text(_ method: String, options: CallOptions = CallOptions()) async throws -> String {
        let response: InteropV1.SimpleResponse = try await InteropMesh.descriptor(method).call(
            InteropV1.Empty(), on: self, options: options)
        return String(decoding: response.payload?.body ?? [], as: UTF8.self)
    }
}

/// One line for each key that begins with `x-test`, sorted; values in their order.
func describeTestMetadata(_ metadata: Metadata) -> String {
    let keys = Set(metadata.entries.map(\.key)).filter { $0.hasPrefix("x-test") }.sorted()
    return keys.map { "\($0)=\(metadata.values(for: $0).joined(separator: ","))" }.joined(separator: "\n")
}

/// Whether a program of this name is in PATH.
func isProgram(_ name: String) -> Bool {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
}
