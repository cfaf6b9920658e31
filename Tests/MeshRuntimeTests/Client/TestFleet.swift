import Logging
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// Several servers of one name, and clients of all of them.
struct TestFleet {
    static let readOnly = MethodPolicy(
        callers: ["gateway"], callersWithoutUser: ["gateway"], idempotency: .readOnly, defaultDeadline: .seconds(20))

    let authority: TestAuthority
    let servers: [TestMesh]
    let log = LogRecorder()

    /// - Parameter methods: of the server with this number.
    static func start(_ count: Int, limits: ServerLimits = .unguarded, methods: (Int) -> [MethodImplementation]) async throws -> TestFleet {
        let authority = try await TestAuthority.make()
        var servers: [TestMesh] = []
        for number in 0..<count {
            servers.append(try await TestMesh.start(methods(number), authority: authority, limits: limits))
        }
        return TestFleet(authority: authority, servers: servers)
    }

    static func unary(
        _ name: String, _ policy: MethodPolicy = readOnly,
        _ body: @escaping @Sendable (ByteBuffer, ServerContext) async throws -> ByteBuffer
    ) -> MethodImplementation {
        MethodImplementation(TestMesh.descriptor(name, .unary, policy), .unary(body))
    }

    var endpoints: [MeshEndpoint] { servers.map(\.endpoint) }

    func client(
        resolver: (any MeshResolver)? = nil, _ change: (inout ClientLimits) -> Void = { _ in }
    ) async throws -> MeshClient {
        var limits = ClientLimits()
        change(&limits)
        return MeshClient(
            resolver: resolver ?? FixedResolver(endpoints), tls: try await authority.client(),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log.logger, limits: limits)
    }

    /// Calls `name` until the client has connected every server.
    func connected(by client: MeshClient, calling name: String = "Echo") async throws -> Bool {
        try await eventually {
            _ = try? await client.call(name)
            return log.lines.count { $0.contains("debug connected") } >= servers.count
        }
    }

    func stop() async {
        for server in servers { await server.stop() }
    }
}

extension TestMesh {
    var endpoint: MeshEndpoint { MeshEndpoint(host: "127.0.0.1", port: port) }
}

extension CallChannel {
    /// A call of a method that may run twice.
    func read(_ name: String, _ request: String = "", options: CallOptions = CallOptions()) async throws -> String {
        let method = TestMesh.descriptor(name, .unary, TestFleet.readOnly)
        return String(buffer: try await unary(method, ByteBuffer(string: request), options: options).message)
    }
}

/// A resolver whose answer a test changes.
final class ChangingResolver: MeshResolver {
    private let endpoints: Mutex<[MeshEndpoint]>

    init(_ endpoints: [MeshEndpoint]) {
        self.endpoints = Mutex(endpoints)
    }

    func change(to endpoints: [MeshEndpoint]) {
        self.endpoints.withLock { $0 = endpoints }
    }

    func resolve() async throws -> [MeshEndpoint] { endpoints.withLock { $0 } }
}

/// Counts events of several tasks.
final class Tally<Key: Hashable & Sendable>: Sendable {
    private let counts = Mutex<[Key: Int]>([:])

    func add(_ key: Key) { counts.withLock { $0[key, default: 0] += 1 } }
    subscript(key: Key) -> Int { counts.withLock { $0[key] ?? 0 } }
    var all: [Key: Int] { counts.withLock { $0 } }
}

/// Calls made by several tasks, without a pause, until told to stop.
final class FleetLoad: Sendable {
    private let isOver = Mutex(false)
    private let calls = Mutex(0)
    private let failures = Mutex<[String]>([])
    private let tasks = Mutex<[Task<Void, Never>]>([])

    init(_ width: Int, _ call: @escaping @Sendable () async throws -> Void) {
        let running = (0..<width).map { _ in
            Task {
                while !isOver.withLock({ $0 }) {
                    do { try await call() } catch { failures.withLock { $0.append("\(error)") } }
                    calls.withLock { $0 += 1 }
                }
            }
        }
        tasks.withLock { $0 = running }
    }

    var count: Int { calls.withLock { $0 } }

    /// - Returns: how the calls failed that did.
    func stop() async -> [String] {
        isOver.withLock { $0 = true }
        for task in tasks.withLock({ $0 }) { await task.value }
        return failures.withLock { $0 }
    }
}

/// Looks again and again whether something has come true.
///
/// - Returns: false when it has not in the time given.
func eventually(within patience: Duration = .seconds(20), _ condition: () async -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + patience
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    while .now < end {
        if await condition() { return true }
        try await loop.scheduleTask(in: .milliseconds(2)) {}.futureResult.get()
    }
    return await condition()
}

extension Task where Success == Never, Failure == Never {
    /// What a slow handler does: its slowness is the point of a test, not its way of waiting for something.
    static func pause(for duration: Duration) async throws {
        try await MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(duration)) {}.futureResult.get()
    }
}
