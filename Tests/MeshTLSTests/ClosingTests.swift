import MeshTLS
import NIOCore
import NIOEmbedded
import Testing

@Suite("Closing", .timeLimit(.minutes(1)))
struct ClosingTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func pair(halfClosure: Bool = false) async throws -> (server: Endpoint, client: Endpoint) {
        let listener = try await Listener.start(authority.server(), halfClosure: halfClosure)
        let pair = try await listener.pair(authority.client())
        _ = try await pair.server.handshake()
        _ = try await pair.client.handshake()
        return pair
    }

    @Test("A close delivers what was flushed, then ends both sides without an error")
    func clean() async throws {
        let (server, client) = try await pair()
        let last = client.write(ByteBuffer(repeating: 3, count: 3_000_000))
        try await client.channel.close()
        try await last.get()
        let seen = await server.remaining()
        #expect(seen.received.count == 3_000_000)
        #expect(seen.errors == 0, "\(seen.error.debugDescription)")
        #expect(await client.remaining().errors == 0)
    }

    @Test("The end of TCP without close_notify is a truncation, never a clean end", arguments: [false, true])
    func truncation(halfClosure: Bool) async throws {
        let (server, client) = try await pair(halfClosure: halfClosure)
        try await client.send("half a mess")
        #expect(try await server.bytes(11).count == 11)
        try await cut(client.channel)
        let seen = await server.remaining()
        #expect(seen.error == .truncated)
        guard case .inactive? = seen.last else {
            Issue.record("the channel stays open after a truncation")
            return
        }
    }

    /// Closes the socket below TLS.
    private func cut(_ channel: any Channel) async throws {
        try await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: MeshTLSHandler.self)
            try channel.pipeline.syncOperations.context(handler: handler).close(promise: nil)
        }.get()
    }

    @Test("A half-close lets the other side finish its answer")
    func halfClose() async throws {
        let (server, client) = try await pair(halfClosure: true)
        try await client.channel.close(mode: .output)
        for await event in server.events {
            if case .inputClosed = event { break }
            if case .failed(let error) = event { throw error }
        }
        try await server.send("answer")
        #expect(try await client.bytes(6) == Array("answer".utf8))
        await #expect(throws: ChannelError.outputClosed) { try await client.send("more") }
        try await server.channel.close()
        #expect(await client.remaining().errors == 0)
    }

    @Test("A peer that doesn't answer close_notify holds a close up only as long as allowed")
    func closeTimeout() async throws {
        let listener = try await Listener.start(authority.server())
        let (server, client) = try await listener.pair(authority.client(limits: TLSLimits(closeTimeout: .milliseconds(50))))
        _ = try await server.handshake()
        _ = try await client.handshake()
        try await server.channel.setOption(.autoRead, value: false).get()
        try await client.channel.close()
        #expect(await client.remaining().errors == 0)
        // It may have noticed the end by itself.
        try? await server.channel.close()
    }

    @Test("A peer that sends on and on after the last words to it is not read until it is done", arguments: [false, true])
    func sendsOn(tooMuch: Bool) throws {
        let limits = TLSLimits(maxDropped: 50_000)
        let pair = try EmbeddedPair(server: authority.server(limits: limits), client: authority.client())
        try pair.run(by: 1 << 16)
        pair.server.close(promise: nil)
        // The last words stay where they are: the client never hears them.
        try pair.client.writeOutbound(ByteBuffer(repeating: 1, count: tooMuch ? 60_000 : 40_000))
        while pair.server.isActive, let ciphertext = try pair.client.readOutbound(as: ByteBuffer.self) {
            var rest = ciphertext
            while pair.server.isActive, let part = rest.readSlice(length: min(4096, rest.readableBytes)), part.readableBytes > 0 {
                try pair.server.writeInbound(part)
            }
        }
        #expect(pair.server.isActive != tooMuch)
        #expect(try pair.read(pair.server).isEmpty)
    }

    @Test("Writes after a close fail")
    func writeAfterClose() async throws {
        let (_, client) = try await pair()
        let closed = client.close()
        await #expect(throws: ChannelError.self) { try await client.send("late") }
        try await closed.get()
    }
}
