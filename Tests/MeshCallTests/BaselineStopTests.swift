import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// When a baseline client closes its connection so that the server stops: `ConnectionLimits.closesBaselineToCancel`.
@Suite(.timeLimit(.minutes(1)))
struct BaselineStopTests {
    private let link = Ending()
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    private func client(closes: Bool, mode: WireMode = .baseline) async throws -> ClientConnection {
        var limits = ConnectionLimits()
        limits.closesBaselineToCancel = closes
        let client = ClientConnection(loop: loop, link: link, mode: mode, limits: limits)
        try await loop.submit { client.start { _ in } }.get()
        return client
    }

    private func isClosed() async throws -> Bool { try await loop.submit { link.isClosed }.get() }

    /// Too much for a stream that nobody reads.
    private func overfill(_ client: ClientConnection, _ id: UInt32, last flags: FrameFlags = []) async throws {
        let megabyte = [UInt8](repeating: 7, count: 1 << 20)
        // The fourth finds no room.
        for number in 0..<4 {
            let header = FrameHeader(length: UInt32(megabyte.count), streamID: id, type: .data, flags: number == 3 ? flags : [])
            try await loop.submit {
                client.received(ByteBuffer(bytes: header.with(megabyte)))
                client.readCompleted()
            }.get()
        }
    }

    @Test("a stream that ends because too much waits unread stops its server, where the client was told to, and it sends on", arguments: [true, false])
    func queueFull(closes: Bool) async throws {
        let client = try await client(closes: closes)
        let stream = try await client.serverStreaming(
            OutgoingCall(TestService.descriptor("Much", .serverStreaming), ByteBuffer(), CallOptions()))
        try await overfill(client, 1)
        #expect(await failure { for try await _ in stream {} }?.reason == "QUEUE_FULL")
        #expect(try await isClosed() == closes)
        loop.execute { client.closeNow() }
    }

    @Test("a server whose last message it is that finds no room has stopped")
    func lastMessage() async throws {
        let client = try await client(closes: true)
        let stream = try await client.serverStreaming(
            OutgoingCall(TestService.descriptor("Much", .serverStreaming), ByteBuffer(), CallOptions()))
        try await overfill(client, 1, last: .remoteClosed)
        #expect(await failure { for try await _ in stream {} }?.reason == "QUEUE_FULL")
        #expect(try await !isClosed())
        loop.execute { client.closeNow() }
    }

    @Test("a stream whose time is over closes, since not every server counts it; a unary call whose time is over does not")
    func deadline() async throws {
        let client = try await client(closes: true)
        let soon = CallOptions(timeout: .milliseconds(20))
        let call = try ClientCall(TestService.descriptor("Hang"), ByteBuffer(), soon)
        #expect(await failure { _ = try await client.unary(call) }?.code == .deadlineExceeded)
        #expect(try await !isClosed())
        let stream = try await client.serverStreaming(
            OutgoingCall(TestService.descriptor("Endless", .serverStreaming), ByteBuffer(), soon))
        #expect(await failure { for try await _ in stream {} }?.code == .deadlineExceeded)
        #expect(try await isClosed())
    }
}

/// Takes whatever is sent, and remembers its end.
private final class Ending: FrameLink, @unchecked Sendable {
    // Confined to the loop.
    private(set) var isClosed = false
    var isWritable: Bool { true }
    func send(_ bytes: ByteBuffer) {}
    func close() { isClosed = true }
}
