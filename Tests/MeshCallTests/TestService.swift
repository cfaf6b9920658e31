import Logging
import MeshCall
import NIOCore
import Synchronization

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

/// How a call failed; nil when it did not, or not with an `RPCError`.
func failure<Output>(_ body: () async throws -> Output) async -> RPCError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? RPCError
    }
}

/// Collects log lines.
final class LogRecorder: Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(recorder: self) }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let fields = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            recorder.recorded.withLock { $0.append("\(event.level) \(event.message) \(fields)") }
        }
    }
}

/// Lets one side of a test wait for the other.
final class Signal: Sendable {
    private let state = Mutex<(raised: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func raise() {
        let waiters = state.withLock { state in
            state.raised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    var isRaised: Bool { state.withLock { $0.raised } }

    func wait() async {
        await withCheckedContinuation { waiter in
            let raised = state.withLock { state in
                if !state.raised { state.waiters.append(waiter) }
                return state.raised
            }
            if raised { waiter.resume() }
        }
    }
}

/// Waits until the task it runs in is cancelled.
func untilCancelled() async {
    let cancelled = Signal()
    await withTaskCancellationHandler {
        await cancelled.wait()
    } onCancel: {
        cancelled.raise()
    }
}
