import Glibc
import MeshCall
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MeshRuntime

/// What stands before a PONG: the kernel's send buffer is no queue of the mesh's.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct UnsentBytesTests {
    /// Bytes that a peer which has stopped reading gets before the PONG: what is in its own buffer and under way, what the kernel takes unsent, what
    /// stands in the channel and in libssl's queue. Without a bound of the unsent ones they are four times as many.
    private static let mostBeforePong = 1 << 20

    private static func endless(_ sent: Sent, until stop: Signal) -> MethodImplementation {
        MethodImplementation(
            TestMesh.descriptor("Endless", .serverStreaming),
            .serverStreaming { _, sink, _ in
                while !stop.isRaised {
                    try await sink.send(ByteBuffer(repeating: 7, count: 32 << 10))
                    sent.add()
                }
            })
    }

    /// Bytes of whole frames up to a PONG; nil: there is none.
    private static func bytesBeforePong(_ bytes: [UInt8]) throws -> Int? {
        var splitter = FrameSplitter(mode: .mesh, settings: .default)
        var before = 0, found: Int?
        try ByteBuffer(bytes: bytes).withUnsafeReadableBytes { raw throws(ConnectionFailure) in
            try splitter.split(raw) { header, _ throws(ConnectionFailure) in
                if header.type == .pong, found == nil { found = before }
                before += FrameHeader.size + Int(header.length)
            }
        }
        return found
    }

    @Test("a peer that reads slowly while a server streams to it has its PONG behind a bounded number of bytes")
    func slowReader() async throws {
        let sent = Sent(), stop = Signal(), marked = Signal()
        let mark = TestMesh.unary("Mark") { message, _ in
            marked.raise()
            return message
        }
        let mesh = try await TestMesh.start([Self.endless(sent, until: stop), mark])
        let peer = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client(), reads: false)
        try await peer.channel.setOption(.socketOption(.so_rcvbuf), value: 64 << 10).get()
        try await peer.send(RawFrames.greedySettings + RawFrames.request("Endless", on: 1, .remoteClosed))
        await sent.untilStalled(on: peer.channel.eventLoop)
        // One read of the server: when the call has begun, the PONG has found its place.
        try await peer.send(ControlFrame.ping(7).encoded + RawFrames.request("Mark", on: 3))
        await marked.wait()
        stop.raise()
        try await peer.channel.setOption(.autoRead, value: true).get()
        await mesh.server.shutdown(grace: .seconds(10))
        let before = try #require(try Self.bytesBeforePong(await peer.untilClosed()))
        print("\(before) bytes before the PONG")
        #expect(before > 64 << 10 && before <= Self.mostBeforePong)
    }

    @Test("both ends of a connection bound what is unsent")
    func bothEnds() async throws {
        let mesh = try await TestMesh.start()
        let client = try await mesh.client()
        #expect(try await client.call("Echo", "hello") == "hello")
        #expect(ConnectedSockets.options([TCP_NOTSENT_LOWAT], port: mesh.port) == [[UnsentBytes.most], [UnsentBytes.most]])
        await client.close()
        await mesh.stop()
    }
}

/// Messages that a handler has got rid of.
private final class Sent: Sendable {
    private let count = Atomic<Int>(0)

    func add() { count.wrappingAdd(1, ordering: .relaxed) }

    /// Until nothing takes any more of them.
    func untilStalled(on loop: any EventLoop) async {
        var before = 0, looks = 0
        while looks < 20 {
            await pause(until: .now + .milliseconds(10), on: loop)
            let now = count.load(ordering: .relaxed)
            looks = now > 0 && now == before ? looks + 1 : 0
            before = now
        }
    }
}
