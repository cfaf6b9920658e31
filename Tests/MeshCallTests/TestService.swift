import Logging
import MeshCall
import NIOCore
import TestSupport

/// A service written by hand, whose messages are plain bytes: what calls do apart from what generated code does.
enum TestService {
    static let name = "test.v1.Test"

    static func descriptor(_ name: String, _ kind: MethodDescriptor.Kind = .unary, _ policy: MethodPolicy = open) -> MethodDescriptor {
        MethodDescriptor(service: Self.name, name: name, kind: kind, policy: policy)
    }

    /// Callable by `gateway` without a user.
    static let open = MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"], defaultDeadline: .seconds(30))

    static let gateway = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/gateway", name: "gateway")
    static let agent = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/agent", name: "agent")

    static func server(
        _ methods: [MethodImplementation], authenticator: (any TokenAuthenticator)? = nil, interceptors: [any ServerInterceptor] = [],
        log: LogRecorder = LogRecorder(), limits: ConnectionLimits = .default
    ) -> InProcessServer {
        InProcessServer(
            services: [ServiceDefinition(name: name, methods: methods)], authenticator: authenticator, interceptors: interceptors,
            logger: log.logger, limits: limits)
    }

    static func unary(
        _ name: String, _ policy: MethodPolicy = open, _ body: @escaping @Sendable (ByteBuffer, ServerContext) async throws -> ByteBuffer
    ) -> MethodImplementation {
        MethodImplementation(descriptor(name, .unary, policy), .unary(body))
    }

    static func streaming(
        _ name: String, _ policy: MethodPolicy = open,
        _ body: @escaping @Sendable (ByteBuffer, any ResponseSink, ServerContext) async throws -> Void
    ) -> MethodImplementation {
        MethodImplementation(descriptor(name, .serverStreaming, policy), .serverStreaming(body))
    }

    static let echo = unary("Echo") { message, _ in message }
}

extension CallChannel {
    func call(_ name: String, _ request: String = "", options: CallOptions = CallOptions()) async throws -> String {
        String(buffer: try await unary(TestService.descriptor(name), ByteBuffer(string: request), options: options).message)
    }

    func stream(_ name: String, _ request: String = "", options: CallOptions = CallOptions()) async throws -> ReplyStream {
        try await serverStreaming(TestService.descriptor(name, .serverStreaming), ByteBuffer(string: request), options: options)
    }
}
