import Logging
import MeshCall
import NIOCore
import TestSupport

/// Methods whose messages are plain text, and servers of them in this process.
enum TestMesh {
    static let service = "test.v1.Test"
    static let policy = MethodPolicy(callers: ["gateway", "agent"], callersWithoutUser: ["gateway", "agent"], defaultDeadline: .seconds(30))

    static func peer(_ name: String) -> PeerIdentity {
        PeerIdentity(spiffeID: "spiffe://test.cryptopulse.internal/\(name)", name: name)
    }

    static func descriptor(_ name: String, _ kind: MethodDescriptor.Kind = .unary) -> MethodDescriptor {
        MethodDescriptor(service: service, name: name, kind: kind, policy: policy)
    }

    static func unary(
        _ name: String, _ body: @escaping @Sendable (String, ServerContext) async throws -> String
    ) -> MethodImplementation {
        MethodImplementation(
            descriptor(name), .unary { bytes, context in ByteBuffer(string: try await body(String(buffer: bytes), context)) })
    }

    static func streaming(
        _ name: String, _ body: @escaping @Sendable (any ResponseSink) async throws -> Void
    ) -> MethodImplementation {
        MethodImplementation(descriptor(name, .serverStreaming), .serverStreaming { _, sink, _ in try await body(sink) })
    }

    static func server(
        _ methods: [MethodImplementation], _ interceptors: [any ServerInterceptor], refusals: (any RefusalObserver)? = nil,
        authenticator: (any TokenAuthenticator)? = nil, log: LogRecorder = LogRecorder()
    ) -> InProcessServer {
        InProcessServer(
            services: [ServiceDefinition(name: service, methods: methods)], authenticator: authenticator, interceptors: interceptors,
            refusals: refusals, logger: log.logger)
    }
}

extension CallChannel {
    func through(_ interceptors: any ClientInterceptor...) -> any CallChannel {
        InterceptedChannel(self, interceptors: interceptors)
    }

    func call(_ name: String, _ request: String = "", options: CallOptions = CallOptions()) async throws -> String {
        String(buffer: try await unary(TestMesh.descriptor(name), ByteBuffer(string: request), options: options).message)
    }

    func stream(_ name: String, options: CallOptions = CallOptions()) async throws -> ReplyStream {
        try await serverStreaming(TestMesh.descriptor(name, .serverStreaming), ByteBuffer(), options: options)
    }
}

/// Raises its signal when a call and everything inside of it is over.
struct Outermost: ServerInterceptor {
    let over = Signal()

    func intercept(_ context: ServerContext, next: @Sendable (ServerContext) async throws -> Void) async throws {
        defer { over.raise() }
        try await next(context)
    }
}
