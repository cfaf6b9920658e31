import MeshTLS
import NIOCore
import NIOEmbedded
import Testing

@Suite("Transfer", .timeLimit(.minutes(1)))
struct TransferTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    @Test("Large transfers go both ways at once, in bounded memory, with nothing lost or out of order")
    func bothWays() async throws {
        let listener = try await Listener.start(authority.server())
        let (server, client) = try await listener.pair(authority.client())
        let count = 12 * 1024 * 1024
        async let sentUp: Void = Stream.send(count, over: client.channel)
        async let sentDown: Void = Stream.send(count, over: server.channel)
        async let up = Stream.check(server, count)
        async let down = Stream.check(client, count)
        #expect(try await up == count)
        #expect(try await down == count)
        _ = try await (sentUp, sentDown)
    }

    @Test("A peer that doesn't read stops the writer's channel from being writable, and past the bound the connection closes")
    func notReading() async throws {
        let listener = try await Listener.start(authority.server())
        let limits = TLSLimits(closeTimeout: .milliseconds(100), maxQueued: 1 << 20)
        let (server, client) = try await listener.pair(authority.client(limits: limits))
        _ = try await client.handshake()
        _ = try await server.handshake()
        try await server.channel.setOption(.autoRead, value: false).get()
        let chunk = ByteBuffer(repeating: 7, count: 256 * 1024)
        var error: MeshTLSError?
        var wasUnwritable = false
        // Far more than the kernel's buffers hold.
        for _ in 0..<400 where error == nil {
            let written = client.write(chunk)
            try await client.channel.eventLoop.submit {}.get()
            wasUnwritable = wasUnwritable || !client.channel.isWritable
            if !client.channel.isActive { error = .writeQueueFull(limit: 1 << 20) }
            written.whenFailure { _ in }
        }
        #expect(wasUnwritable)
        #expect(await client.remaining().error == .writeQueueFull(limit: 1 << 20))
        try? await server.channel.close()
    }

    @Test("A buffer with twice the room that it needs is sent when nothing else waits")
    func roomyBuffer() async throws {
        let listener = try await Listener.start(authority.server())
        let (server, client) = try await listener.pair(authority.client(limits: TLSLimits(maxQueued: 1 << 20)))
        _ = try await client.handshake()
        _ = try await server.handshake()
        var roomy = ByteBuffer()
        roomy.reserveCapacity(2 << 20)
        roomy.writeRepeatingByte(7, count: 1 << 20)
        let written = client.write(roomy)
        #expect(try await server.bytes(1 << 20).count == 1 << 20)
        try await written.get()
    }

    @Test("A peer that reads again gets everything that waited")
    func readsAgain() async throws {
        let listener = try await Listener.start(authority.server())
        let (server, client) = try await listener.pair(authority.client())
        _ = try await client.handshake()
        _ = try await server.handshake()
        try await server.channel.setOption(.autoRead, value: false).get()
        let count = 15 * 1024 * 1024
        for offset in stride(from: 0, to: count, by: Stream.chunk) {
            client.channel.writeAndFlush(Stream.piece(at: offset, min(Stream.chunk, count - offset)), promise: nil)
        }
        try await client.channel.eventLoop.submit {}.get()
        #expect(!client.channel.isWritable)
        try await server.channel.setOption(.autoRead, value: true).get()
        #expect(try await Stream.check(server, count) == count)
    }

    @Test("One byte at a time, handshake and data, comes to the same")
    func drip() throws {
        let pair = try EmbeddedPair(authority)
        try pair.run(by: 1)
        try pair.client.writeOutbound(ByteBuffer(string: "a question in one record"))
        try pair.server.writeOutbound(ByteBuffer(repeating: 9, count: 20_000))
        try pair.run(by: 1)
        #expect(try pair.read(pair.server) == Array("a question in one record".utf8))
        #expect(try pair.read(pair.client) == [UInt8](repeating: 9, count: 20_000))
    }

    @Test("Answers to everything in one read leave in one flush and share records")
    func oneFlush() throws {
        let flushes = FlushCounter()
        let pair = try EmbeddedPair(authority, serverOuter: flushes, serverInner: Echo())
        try pair.run(by: 100_000)
        for number in 0..<100 { try pair.client.writeOutbound(ByteBuffer(string: "request \(number)")) }
        let before = flushes.count
        try pair.run(by: 100_000, once: true)
        #expect(flushes.count - before == 1)
        try pair.run(by: 100_000)
        #expect(try pair.read(pair.client).count == (0..<100).map { "request \($0)".utf8.count }.reduce(0, +))
    }

    @Test("Writes of one flush that are small leave as one record")
    func coalesced() throws {
        let pair = try EmbeddedPair(authority)
        try pair.run(by: 100_000)
        for _ in 0..<50 { pair.client.write(ByteBuffer(repeating: 1, count: 20), promise: nil) }
        pair.client.flush()
        var out = ByteBuffer()
        while var part = try pair.client.readOutbound(as: ByteBuffer.self) { out.writeBuffer(&part) }
        // Header, content type and tag: 22 bytes (RFC 8446 section 5.2).
        #expect(out.readableBytes == 50 * 20 + 22)
    }
}

/// A long run of bytes that shows where a piece is missing.
enum Stream {
    static let chunk = 100_003

    /// Its length has no factor in common with that of a record.
    private static let pattern = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    static func piece(at offset: Int, _ count: Int) -> ByteBuffer {
        var piece = ByteBuffer()
        while piece.readableBytes < count {
            let start = (offset + piece.readableBytes) % pattern.count
            piece.writeBytes(pattern[start..<min(pattern.count, start + count - piece.readableBytes)])
        }
        return piece
    }

    static func send(_ count: Int, over channel: any Channel) async throws {
        for offset in stride(from: 0, to: count, by: chunk) {
            try await channel.writeAndFlush(piece(at: offset, min(chunk, count - offset)))
        }
    }

    static func check(_ endpoint: Endpoint, _ count: Int) async throws -> Int {
        var offset = 0
        for await event in endpoint.events {
            switch event {
            case .bytes(let buffer):
                guard buffer == piece(at: offset, buffer.readableBytes) else { return offset }
                offset += buffer.readableBytes
                if offset >= count { return offset }
            case .failed(let error): throw error
            default: break
            }
        }
        return offset
    }
}
