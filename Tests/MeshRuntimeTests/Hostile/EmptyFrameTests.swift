import MeshCall
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Frames that carry nothing, as fast as they can be sent.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct EmptyFrameTests {
    private static func collect(_ body: @escaping @Sendable (RequestMessages) async throws -> Void) -> MethodImplementation {
        MethodImplementation(
            TestMesh.descriptor("Collect", .clientStreaming),
            .clientStreaming { requests, _ in
                try await body(requests)
                return ByteBuffer()
            })
    }

    /// A handler that reads nothing.
    private static let deaf = collect { _ in await untilCancelled() }
    private static let reading = collect { requests in for try await _ in requests {} }
    private static let rounds = 5

    /// Sends such frames until the server has had enough.
    private static func flood(_ peer: RawPeer, _ flags: FrameFlags = []) async throws {
        try await peer.send(ControlFrame.settings(.default).encoded)
        try await peer.send(RawFrames.request("Collect", on: 1, .remoteOpen))
        let frames = (0..<500).flatMap { _ in RawFrames.emptyData(on: 1, flags) }
        while peer.channel.isActive { try await peer.send(frames) }
    }

    @Test("a flood of zero-length messages fills one window, then the stream, and no more memory")
    func emptyMessages() async throws {
        try await Attack.run("flood of zero-length data", [Self.deaf], memory: 64 * Attack.megabyte, logged: "window") { peer in
            try await Self.flood(peer)
        }
    }

    @Test("a flood of data frames that carry nothing is cut off")
    func noData() async throws {
        try await Attack.run("flood of frames without data", [Self.deaf], memory: 48 * Attack.megabyte, logged: "empty Data") { peer in
            try await Self.flood(peer, .noData)
        }
    }

    @Test("zero-length messages that a handler reads cost nobody else their calls")
    func readMessages() async throws {
        let read = Atomic<Int>(0), peers = Atomic<Int>(0)
        let counting = Self.collect { requests in for try await _ in requests { read.wrappingAdd(1, ordering: .relaxed) } }
        try await Attack.run("zero-length data that is read", [counting], memory: 48 * Attack.megabyte) { peer in
            peers.wrappingAdd(1, ordering: .relaxed)
            try await Self.flood(peer)
        }
        #expect(read.load(ordering: .relaxed) > 0)
        // Another one comes when one is closed.
        #expect(peers.load(ordering: .relaxed) <= Self.rounds)
    }

    @Test("a flood of empty parts of one message is cut off, though each gives back what it took of the window", arguments: [true, false])
    func messageParts(_ isRead: Bool) async throws {
        try await Attack.run(
            "empty parts of a message", [isRead ? Self.reading : Self.deaf], memory: 48 * Attack.megabyte, logged: "empty Data"
        ) { peer in try await Self.flood(peer, .more) }
    }
}
