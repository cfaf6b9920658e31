import Logging
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import Synchronization

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
        limits: ServerLimits = .unguarded, tlsLimits: TLSLimits = .default,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> TestMesh {
        let authority = if let authority { authority } else { try await TestAuthority.make() }
        let log = LogRecorder()
        let context = if let tls { tls } else { try await authority.server(limits: tlsLimits) }
        let server = MeshServer(
            services: [ServiceDefinition(name: "test.v1.Test", methods: methods)], authenticator: nil,
            tls: context, eventLoopGroup: group, logger: log.logger,
            limits: limits)
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

extension ServerLimits {
    /// Without admission control: on a busy machine it would refuse calls in tests of other things.
    static var unguarded: ServerLimits {
        var limits = ServerLimits()
        limits.admission = nil
        return limits
    }
}
