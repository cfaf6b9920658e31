import MeshWire
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

@testable import MeshCall

/// A server's connection whose other end is a test that writes and reads bytes.
final class WireLink: FrameLink, @unchecked Sendable {
    // Confined to the loop.
    private var splitter: FrameSplitter
    private var receiver: ServerConnection?
    private weak var made: ServerConnection?
    private var isClosed = false
    private var isStalled: Bool
    private let fillsUp: Bool

    private let loop: any EventLoop
    private let frames: AsyncStream<(header: FrameHeader, data: [UInt8])>
    private let arrived: AsyncStream<(header: FrameHeader, data: [UInt8])>.Continuation

    var isWritable: Bool { !isClosed && !isStalled }

    /// - Parameters:
    ///   - stalled: nothing the server queues is taken before `resume`.
    ///   - fillsUp: stalled again by whatever the server sends.
    init(
        _ methods: [MethodImplementation], mode: WireMode, limits: ConnectionLimits = .default, log: LogRecorder = LogRecorder(),
        stalled: Bool = false, fillsUp: Bool = false, peer: PeerIdentity = TestService.gateway, requests: RequestBudget? = nil,
        interceptors: [any ServerInterceptor] = [], authenticator: (any TokenAuthenticator)? = nil
    ) {
        isStalled = stalled
        self.fillsUp = fillsUp
        loop = MultiThreadedEventLoopGroup.singleton.next()
        (frames, arrived) = AsyncStream.makeStream()
        splitter = FrameSplitter(mode: mode, settings: .default)
        let dispatcher = Dispatcher(
            services: [ServiceDefinition(name: TestService.name, methods: methods)], authenticator: authenticator, interceptors: interceptors,
            requests: requests, logger: log.logger)
        loop.execute { [self] in
            let connection = ServerConnection(
                loop: loop, link: self, peer: peer, mode: mode, dispatcher: dispatcher, limits: limits)
            receiver = connection
            made = connection
            connection.start { _ in }
        }
    }

    /// Sends bytes as one read of the server.
    ///
    /// - Parameter jobs: of the loop's tasks that are ready before it.
    func write(_ bytes: [UInt8], behind jobs: Int = 0) {
        loop.execute {
            for _ in 0..<jobs { Task(executorPreference: LoopExecutor.of(self.loop)) {} }
            self.receiver?.received(ByteBuffer(bytes: bytes))
            self.receiver?.readCompleted()
        }
    }

    /// Takes what the server has queued.
    func resume() {
        loop.execute {
            self.isStalled = false
            self.receiver?.writabilityChanged()
        }
    }

    /// Takes something of what was sent already, so that there is still no room for more.
    func takeSome() {
        loop.execute { self.receiver?.writabilityChanged() }
    }

    /// The next frame from the server; nil once it has closed.
    func read() async -> (header: FrameHeader, data: [UInt8])? {
        await frames.first { _ in true }
    }

    /// Everything until the server closes.
    func readAll() async -> [(header: FrameHeader, data: [UInt8])] {
        var all: [(header: FrameHeader, data: [UInt8])] = []
        for await frame in frames { all.append(frame) }
        return all
    }

    /// The server stops.
    func drain() {
        loop.execute { self.receiver?.drain() }
    }

    /// The peer goes away.
    func hangUp() {
        loop.execute {
            self.receiver?.linkClosed(nil)
            self.receiver = nil
        }
    }

    /// The connection breaks in the middle of the server's read turn, as a channel's error does it.
    func breakOff(after bytes: [UInt8]) {
        loop.execute {
            self.receiver?.received(ByteBuffer(bytes: bytes))
            self.receiver?.linkClosed(nil)
            self.receiver = nil
        }
    }

    /// Whether somebody still holds the server's connection.
    func isHeld() async throws -> Bool {
        try await loop.submit { self.made != nil }.get()
    }

    /// Calls that the server's connection keeps for others.
    func spareCalls() async throws -> Int {
        try await loop.submit { self.made?.spare.count ?? 0 }.get()
    }

    /// Has the server's connection look at its times as if it were so late.
    func tick(at now: NIODeadline) async throws {
        try await loop.submit { self.made?.tick(at: now) }.get()
    }

    /// Runs `body` on the connection's loop.
    func onLoop<Output: Sendable>(_ body: @escaping @Sendable () -> Output) async throws -> Output {
        try await loop.submit(body).get()
    }

    // MARK: FrameLink

    func send(_ bytes: ByteBuffer) {
        if fillsUp { isStalled = true }
        bytes.withUnsafeReadableBytes { raw in
            do throws(ConnectionFailure) {
                try splitter.split(raw) { header, data throws(ConnectionFailure) in
                    arrived.yield((header, data.map { [UInt8]($0) } ?? []))
                }
            } catch {
                arrived.finish()
            }
        }
    }

    func close() {
        arrived.finish()
        guard loop.inEventLoop else { return loop.execute { self.closeOnLoop() } }
        closeOnLoop()
    }

    private func closeOnLoop() {
        isClosed = true
        // Whoever closes may stand in one of its methods.
        loop.execute { self.receiver = nil }
    }
}

extension FrameHeader {
    func with(_ data: [UInt8]) -> [UInt8] { encoded + data }
}
