import Logging
import MeshCall
import NIOCore
import Synchronization

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

/// How a call failed; nil when it did not, or not with an `RPCError`.
func failure<Output>(_ body: () async throws -> Output) async -> RPCError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? RPCError
    }
}

/// Collects log lines, with what the process would add to them.
final class LogRecorder: Sendable {
    private let recorded = Mutex<[String]>([])
    private let level: Logger.Level
    private let provider: Logger.MetadataProvider?

    init(level: Logger.Level = .trace, provider: Logger.MetadataProvider? = nil) {
        self.level = level
        self.provider = provider
    }

    var lines: [String] { recorded.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(recorder: self, metadataProvider: provider, logLevel: level) }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
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

/// Raises its signal when a call and everything inside of it is over.
struct Outermost: ServerInterceptor {
    let over = Signal()

    func intercept(_ context: ServerContext, next: @Sendable (ServerContext) async throws -> Void) async throws {
        defer { over.raise() }
        try await next(context)
    }
}
