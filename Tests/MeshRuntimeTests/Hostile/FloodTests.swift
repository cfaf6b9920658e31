import MeshCall
import MeshRuntime
import MeshTLS
import MeshWire
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// Peers with good certificates that do what the protocol allows for as long as it allows it.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FloodTests {
    private static let megabyte = 1 << 20

    private func attack(
        _ name: String, _ methods: [MethodImplementation], limits: ServerLimits = .default, memory: Int, reads: Bool = true,
        round: Duration = .zero, logged: String? = nil, _ flood: @escaping @Sendable (RawPeer) async throws -> Void,
        finally: () async -> Void = {}
    ) async throws {
        // Three sides, so that the attacker's own work does not stand in the bystander's way.
        let serving = MultiThreadedEventLoopGroup(numberOfThreads: 2), attacking = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let mesh = try await TestMesh.start([TestMesh.echo] + methods, limits: limits, group: serving)
        let bystander = Bystander(client: try await mesh.client())
        let tls = try await mesh.authority.client()
        let disturbance = try await bystander.disturbance(round: round) {
            while !Task.isCancelled {
                let peer = try await RawPeer.connect(port: mesh.port, tls: tls, group: attacking, reads: reads)
                await withTaskCancellationHandler {
                    // It fails when the server has had enough; then another one comes.
                    try? await flood(peer)
                } onCancel: {
                    peer.channel.close(promise: nil)
                }
                try? await peer.channel.close()
            }
        }
        Bystander.expectBearable(disturbance, name, memory: memory)
        if let logged { #expect(mesh.log.lines.contains { $0.contains(logged) }, "\(mesh.log.lines.suffix(3))") }
        await finally()
        await mesh.stop()
        try await serving.shutdownGracefully()
        try await attacking.shutdownGracefully()
    }

    @Test("a flood of cancels is cut off; a cancelled call keeps its slot until its handler has returned")
    func cancels() async throws {
        let work = Work()
        let slow = TestMesh.unary("Slow") { message, _ in
            work.begin()
            await untilCancelled()
            work.end()
            return message
        }
        try await attack("flood of cancels", [slow], memory: 48 * Self.megabyte, logged: "CANCEL") { peer in
            try await peer.send(ControlFrame.settings(.default).encoded)
            for id in stride(from: UInt32(1), to: 4000, by: 2) {
                try await peer.send(RawFrames.request("Slow", on: id) + RawFrames.cancel(id))
            }
            _ = try await peer.untilClosed()
        }
        #expect(work.most <= Int(Settings().maximumConcurrentStreams) * 2)
        #expect(work.now == 0)
    }

    @Test("a flood of zero-length messages fills one window, then the stream, and no more memory")
    func emptyMessages() async throws {
        let method = TestMesh.descriptor("Collect", .clientStreaming)
        let deaf = MethodImplementation(
            method,
            .clientStreaming { _, _ in
                await untilCancelled()
                return ByteBuffer()
            })
        try await attack("flood of zero-length data", [deaf], memory: 64 * Self.megabyte, logged: "window") { peer in
            try await peer.send(ControlFrame.settings(.default).encoded)
            try await peer.send(RawFrames.request("Collect", on: 1, .remoteOpen))
            let frames = (0..<500).flatMap { _ in RawFrames.emptyData(on: 1) }
            while peer.channel.isActive { try await peer.send(frames) }
        }
    }

    @Test("a flood of data frames that carry nothing is cut off")
    func noData() async throws {
        let method = TestMesh.descriptor("Collect", .clientStreaming)
        let deaf = MethodImplementation(
            method,
            .clientStreaming { _, _ in
                await untilCancelled()
                return ByteBuffer()
            })
        try await attack("flood of frames without data", [deaf], memory: 48 * Self.megabyte, logged: "empty Data") { peer in
            try await peer.send(ControlFrame.settings(.default).encoded)
            try await peer.send(RawFrames.request("Collect", on: 1, .remoteOpen))
            let frames = (0..<500).flatMap { _ in RawFrames.emptyData(on: 1, .noData) }
            while peer.channel.isActive { try await peer.send(frames) }
        }
    }

    @Test("a flood of pings is cut off")
    func pings() async throws {
        try await attack("flood of pings", [], memory: 48 * Self.megabyte, logged: "PING") { peer in
            try await peer.send(ControlFrame.settings(.default).encoded)
            while peer.channel.isActive { try await peer.send((0..<5).flatMap { ControlFrame.ping($0).encoded }) }
        }
    }

    @Test("a peer that asks for endless streams and reads none of them holds a bounded queue until it is given up")
    func slowReader() async throws {
        var limits = ServerLimits()
        limits.connection.tick = .milliseconds(50)
        limits.connection.writeStallTimeout = .milliseconds(300)
        let work = Work()
        let method = TestMesh.descriptor("Endless", .serverStreaming)
        let endless = MethodImplementation(
            method,
            .serverStreaming { _, sink, _ in
                work.begin()
                defer { work.end() }
                while true { try await sink.send(ByteBuffer(repeating: 7, count: 64 << 10)) }
            })
        try await attack(
            "slow reader", [endless], limits: limits, memory: 128 * Self.megabyte, reads: false, round: .seconds(1),
            logged: "the peer took no bytes"
        ) { peer in
            let calls = try (0..<256).flatMap { try RawFrames.request("Endless", on: UInt32($0 * 2 + 1), .remoteClosed) }
            try await peer.send(RawFrames.greedySettings + calls)
            await untilCancelled()
        }
        #expect(work.most > 0)
        #expect(work.now == 0)
    }

    @Test("long requests to handlers that never return are held up to a bound, however often their callers come back")
    func stuckLongRequests() async throws {
        var limits = ServerLimits()
        limits.connection.maximumRequestBytes = 16 * Self.megabyte
        limits.maximumRequestBytes = 48 * Self.megabyte
        let stop = Signal(), work = Work()
        let stuck = TestMesh.unary("Stuck") { message, _ in
            work.begin()
            await stop.wait()
            work.end()
            return message
        }
        let settings = ControlFrame.settings(.default).encoded
        let parts = try (0..<60).map { try RawFrames.longRequest("Stuck", on: UInt32($0 * 2 + 1), payload: Self.megabyte) }
        // What stands around the requests: what the socket, libssl and the frames under way hold for each of the attackers.
        try await attack("stuck handlers with long requests", [stuck], limits: limits, memory: 128 * Self.megabyte, round: .seconds(1)) { peer in
            try await peer.send(settings)
            for part in parts { try await peer.send(part) }
            await pause(until: .now + .milliseconds(100), on: peer.channel.eventLoop)
        } finally: {
            #expect(work.now > 16)
            #expect(work.most <= 48)
            stop.raise()
            while work.now > 0 { await Task.yield() }
        }
    }

    @Test("handlers that never return keep their slots, and all of a method's are bounded however often their callers come back")
    func stuckHandlers() async throws {
        var limits = ServerLimits()
        limits.admission?.maximumConcurrency = 600
        let work = Work(), stop = Signal()
        let stuck = TestMesh.unary("Stuck") { message, _ in
            work.begin()
            await stop.wait()
            work.end()
            return message
        }
        try await attack(
            "stuck handlers", [stuck], limits: limits, memory: 64 * Self.megabyte, round: .milliseconds(500)
        ) { peer in
            var frames = ControlFrame.settings(.default).encoded
            for id in stride(from: UInt32(1), to: 3000, by: 2) {
                frames += try RawFrames.request("Stuck", on: id) + (id < 400 ? RawFrames.cancel(id) : [])
            }
            try await peer.send(frames)
            await pause(until: .now + .milliseconds(100), on: peer.channel.eventLoop)
        } finally: {
            #expect(work.most == 600)
            #expect(work.now == 600)
            stop.raise()
            while work.now > 0 { await Task.yield() }
        }
    }
}

/// Counts handlers at work.
private final class Work: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var most: Int { state.withLock { $0.most } }
    var now: Int { state.withLock { $0.now } }

    func begin() {
        state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }

    func end() { state.withLock { $0.now -= 1 } }
}
