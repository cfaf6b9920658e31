import Foundation
import MeshTLS
import NIOCore
import NIOEmbedded
import Testing

@Suite("Handshake", .timeLimit(.minutes(1)))
struct HandshakeTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    @Test("Both ends learn the other's identity and the protocol, and bytes go both ways", arguments: ["P-256", "ED25519"])
    func mutual(curve: String) async throws {
        var leaf = TestAuthority.Leaf.named("agent")
        leaf.curve = curve
        leaf.dns = ["localhost"]
        let listener = try await Listener.start(authority.server())
        let (server, client) = try await listener.pair(authority.client(leaf, expecting: "execution"))
        let atServer = try await server.handshake()
        let atClient = try await client.handshake()
        #expect(atServer.peer?.uri == "spiffe://test.cryptopulse.internal/agent")
        #expect(atClient.peer?.name == "execution")
        #expect(atServer.alpn == "cryptopulse-mesh/1")
        #expect(atClient.alpn == "cryptopulse-mesh/1")
        try await client.send("question")
        #expect(try await server.bytes(8) == Array("question".utf8))
        try await server.send("answer")
        #expect(try await client.bytes(6) == Array("answer".utf8))
    }

    @Test("A server's handshake has begun once the client's first record is whole")
    func firstRecord() throws {
        let pair = try EmbeddedPair(authority), server = try pair.server.pipeline.syncOperations.handler(type: MeshTLSHandler.self)
        #expect(!server.hasBegun)
        let hello = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        try pair.server.writeInbound(try #require(hello.getSlice(at: 0, length: hello.readableBytes - 1)))
        #expect(!server.hasBegun)
        try pair.server.writeInbound(try #require(hello.getSlice(at: hello.readableBytes - 1, length: 1)))
        #expect(server.hasBegun)
    }

    @Test("The event says when the peer's certificate ends")
    func certificateEnd() async throws {
        let listener = try await Listener.start(authority.server())
        let (server, _) = try await listener.pair(authority.client())
        let ends = try #require(try await server.handshake().peerCertificateEnds)
        #expect((3500...3600).contains(ends - Int64(Date().timeIntervalSince1970)))
    }

    @Test("What is written before the handshake is complete arrives after it")
    func earlyWrite() async throws {
        let listener = try await Listener.start(authority.server())
        let client = try await listener.connect(authority.client())
        let server = try await listener.next()
        try await client.send("early")
        #expect(try await server.bytes(5) == Array("early".utf8))
    }

    @Test("More than the bound before the handshake closes the connection")
    func earlyWriteBound() async throws {
        let limits = TLSLimits(maxQueuedBeforeHandshake: 1200)
        let silent = try await PlainListener.start()
        let client = try await dial(silent.port, authority.client(limits: limits))
        client.channel.write(ByteBuffer(repeating: 1, count: 1000), promise: nil)
        await #expect(throws: MeshTLSError.writeQueueFull(limit: 1200)) { try await client.send("x") }
        #expect(await client.remaining().error == .writeQueueFull(limit: 1200))
    }

    @Test("What counts is the memory that waits, not the bytes in it")
    func earlySmallWrites() async throws {
        let limit = 100_000
        let silent = try await PlainListener.start()
        let client = try await dial(silent.port, authority.client(limits: TLSLimits(maxQueuedBeforeHandshake: limit)))
        var small = ByteBuffer()
        small.reserveCapacity(256)
        small.writeInteger(UInt8(7))
        // Each holds 256 bytes and its place in the queue.
        let room = limit / (256 + 96)
        let isOpen = try await client.channel.eventLoop.submit { [small] in
            for _ in 0..<room { client.channel.write(small, promise: nil) }
            return client.channel.isActive
        }.get()
        #expect(isOpen)
        await #expect(throws: MeshTLSError.writeQueueFull(limit: limit)) { try await client.channel.writeAndFlush(small) }
        #expect(await client.remaining().error == .writeQueueFull(limit: limit))
    }

    @Test("A peer that says nothing is dropped when the handshake's time is up")
    func timeout() async throws {
        let listener = try await Listener.start(authority.server(limits: TLSLimits(handshakeTimeout: .milliseconds(50))))
        let silent = try await dialPlain(listener.port)
        #expect(await (try listener.next()).remaining().error == .handshakeTimedOut)
        try await silent.closeFuture.get()
    }

    @Test("A server that says nothing is given up when the handshake's time is up")
    func clientTimeout() async throws {
        let silent = try await PlainListener.start()
        let client = try await dial(silent.port, authority.client(limits: TLSLimits(handshakeTimeout: .milliseconds(50))))
        #expect(await client.remaining().error == .handshakeTimedOut)
    }

    @Test("Bytes that are not TLS are answered by one error and the end")
    func garbage() async throws {
        let listener = try await Listener.start(authority.server())
        let peer = try await dialPlain(listener.port)
        try await peer.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        let seen = await (try listener.next()).remaining()
        #expect(seen.error.map { if case .handshakeFailed = $0 { true } else { false } } == true)
        #expect(seen.handshakes == 0)
    }

    @Test("A peer that leaves in the middle of the handshake is an error of the handshake")
    func leaves() async throws {
        let listener = try await Listener.start(authority.server())
        let peer = try await dialPlain(listener.port)
        let server = try await listener.next()
        try await peer.close()
        #expect(await server.remaining().error == .handshakeFailed("the peer closed the connection"))
    }
}
