import Logging
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import TestSupport

/// A server on a free port, and clients of it.
struct TestMesh {
    let authority: TestAuthority
    let tls: MeshTLSContext
    let server: MeshServer
    let port: Int
    let log: LogRecorder

    static let policy = MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"], defaultDeadline: .seconds(20))

    static func descriptor(_ name: String, _ kind: MethodDescriptor.Kind = .unary, _ policy: MethodPolicy = policy) -> MethodDescriptor {
        MethodDescriptor(service: "test.v1.Test", name: name, kind: kind, policy: policy)
    }

    static func unary(
        _ name: String, _ body: @escaping @Sendable (ByteBuffer, ServerContext) async throws -> ByteBuffer
    ) -> MethodImplementation {
        MethodImplementation(descriptor(name), .unary(body))
    }

    static let echo = unary("Echo") { message, _ in message }

    static func start(
        _ methods: [MethodImplementation] = [echo], authority: TestAuthority? = nil, tls: MeshTLSContext? = nil, port: Int = 0,
        limits: ServerLimits = .unguarded, tlsLimits: TLSLimits = .default, refusals: (any RefusalObserver)? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> TestMesh {
        let authority = if let authority { authority } else { try await TestAuthority.make() }
        let log = LogRecorder()
        let context = if let tls { tls } else { try await authority.server(limits: tlsLimits) }
        let server = MeshServer(
            services: [ServiceDefinition(name: "test.v1.Test", methods: methods)], authenticator: nil,
            refusals: refusals, tls: context, eventLoopGroup: group, logger: log.logger, limits: limits)
        return TestMesh(authority: authority, tls: context, server: server, port: try await server.start(host: "127.0.0.1", port: port), log: log)
    }

    func client(
        _ name: String = "gateway", tls: MeshTLSContext? = nil, limits: ClientLimits = .default
    ) async throws -> MeshClient {
        let context = if let tls { tls } else { try await authority.client(name) }
        return MeshClient(
            host: "127.0.0.1", port: port, tls: context, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: log.logger, limits: limits)
    }

    func stop() async {
        await server.shutdown(grace: .zero)
    }
}

extension CallChannel {
    func call(_ name: String, _ request: String = "", options: CallOptions = CallOptions()) async throws -> String {
        String(buffer: try await unary(TestMesh.descriptor(name), ByteBuffer(string: request), options: options).message)
    }
}

extension ServerLimits {
    /// Without admission control: on a busy machine it would refuse calls in tests of other things.
    static var unguarded: ServerLimits {
        var limits = ServerLimits()
        limits.admission = nil
        return limits
    }
}
