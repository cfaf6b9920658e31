import MeshCall
import MeshRuntime
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Peers that ask for much and read little.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct SlowReaderTests {
    private static func endless(_ work: Work) -> MethodImplementation {
        MethodImplementation(
            TestMesh.descriptor("Endless", .serverStreaming),
            .serverStreaming { _, sink, _ in
                work.begin()
                defer { work.end() }
                while true { try await sink.send(ByteBuffer(repeating: 7, count: 64 << 10)) }
            })
    }

    /// Asks for as many streams as there may be, with windows that never close.
    private static func ask(_ peer: RawPeer) async throws {
        let calls = try (0..<256).flatMap { try RawFrames.request("Endless", on: UInt32($0 * 2 + 1), .remoteClosed) }
        try await peer.send(RawFrames.greedySettings + calls)
    }

    @Test("a peer that asks for endless streams and reads none of them holds a bounded queue until it is given up")
    func slowReader() async throws {
        var limits = ServerLimits()
        limits.connection.tick = .milliseconds(50)
        limits.connection.writeStallTimeout = .milliseconds(300)
        let work = Work()
        try await Attack.run(
            "slow reader", [Self.endless(work)], limits: limits, memory: 128 * Attack.megabyte, reads: false, round: .seconds(1),
            logged: "the peer took no bytes"
        ) { peer in
            try await Self.ask(peer)
            await untilCancelled()
        }
        #expect(work.most > 0)
        #expect(work.now == 0)
    }

    @Test("a peer that reads a few KiB a second of endless streams holds a bounded queue, for as long as it does so")
    func trickle() async throws {
        let work = Work(), read = Atomic<Int>(0)
        try await Attack.run(
            "trickling reader", [Self.endless(work)], memory: 128 * Attack.megabyte, reads: false, round: .seconds(2)
        ) { peer in
            try await peer.channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048)).get()
            try await peer.channel.setOption(.maxMessagesPerRead, value: 1).get()
            try await Self.ask(peer)
            // Each gets one record of TLS, of 16 KiB.
            while peer.channel.isActive, !Task.isCancelled {
                peer.channel.read()
                await pause(until: .now + .milliseconds(500), on: peer.channel.eventLoop)
            }
            read.wrappingAdd(try await peer.untilClosed().count, ordering: .relaxed)
        }
        #expect(read.load(ordering: .relaxed) > 16 << 10)
        #expect(work.most > 0)
        #expect(work.now == 0)
    }

    @Test("a peer that reads steadily, but less than there is, keeps its connection for longer than it may read nothing")
    func steady() async throws {
        var limits = ServerLimits()
        limits.connection.tick = .milliseconds(50)
        limits.connection.writeStallTimeout = .seconds(1)
        // The peer keeps all that it reads.
        let work = Work(), peers = Atomic<Int>(0)
        try await Attack.run(
            "steady reader", [Self.endless(work)], limits: limits, memory: 192 * Attack.megabyte, reads: false, round: .milliseconds(1900)
        ) { peer in
            peers.wrappingAdd(1, ordering: .relaxed)
            try await peer.channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 256 << 10)).get()
            try await peer.channel.setOption(.maxMessagesPerRead, value: 1).get()
            try await Self.ask(peer)
            while peer.channel.isActive, !Task.isCancelled {
                peer.channel.read()
                await pause(until: .now + .milliseconds(10), on: peer.channel.eventLoop)
            }
        }
        // One for each round: another one comes when one is closed.
        #expect(peers.load(ordering: .relaxed) <= 5)
        #expect(work.most > 0)
        #expect(work.now == 0)
    }
}
