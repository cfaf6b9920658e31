import Logging
import MeshCall
import MeshMessages
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

    typealias Check = MeshV1.HealthCheckRequest
    typealias Checked = MeshV1.HealthCheckResponse

    /// A unary method as generated code has it: one loop for all its calls that come in a read turn.
    static func looped(
        _ name: String = "Check", _ policy: MethodPolicy = open, _ handler: @escaping @Sendable (Check, ServerContext) async throws -> Checked
    ) -> MethodImplementation {
        .unary(descriptor(name, .unary, policy), handler) { run in
            while let (request, context) = run.next() {
                do { try run.answer(try await handler(request, context)) } catch { run.fail(error) }
            }
        }
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
