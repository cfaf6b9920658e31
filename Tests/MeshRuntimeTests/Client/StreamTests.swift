import MeshCall
import MeshRuntime
import NIOCore
import Testing

/// Streams over a client's pool, which hands its reader over to the connection after the first message.
struct StreamTests {
    private static let count = TestMesh.descriptor("Count", .serverStreaming)

    /// Sends as many numbers as it is told, and says when its caller has gone.
    private static func counting(_ cancelled: Signal = Signal()) -> MethodImplementation {
        MethodImplementation(
            count,
            .serverStreaming { message, sink, _ in
                do {
                    for number in 0..<(Int(String(buffer: message)) ?? .max) { try await sink.send(ByteBuffer(string: "\(number)")) }
                } catch {
                    cancelled.raise()
                    throw error
                }
            })
    }

    @Test("messages that wait when the end comes are read all the same")
    func waitingMessages() async throws {
        let mesh = try await TestMesh.start([Self.counting()])
        let client = try await mesh.client()
        for _ in 0..<20 {
            var seen = 0
            for try await message in try await client.serverStreaming(Self.count, ByteBuffer(string: "500"), options: CallOptions()) {
                #expect(String(buffer: message) == "\(seen)")
                seen += 1
                if seen == 1 { await Task.yield() }
            }
            #expect(seen == 500)
        }
        await mesh.stop()
    }

    @Test("a reader that lets go in the middle cancels the call")
    func lettingGo() async throws {
        let cancelled = Signal()
        let mesh = try await TestMesh.start([Self.counting(cancelled)])
        let client = try await mesh.client()
        do {
            var messages = try await client.serverStreaming(Self.count, ByteBuffer(), options: CallOptions()).makeAsyncIterator()
            for _ in 0..<10 { _ = try await messages.next() }
        }
        await cancelled.wait()
        await mesh.stop()
    }

    @Test("client-streaming and bidirectional calls go over the pool")
    func otherKinds() async throws {
        let join = MethodImplementation(
            TestMesh.descriptor("Join", .clientStreaming),
            .clientStreaming { requests, _ in
                var all = ByteBuffer()
                for try await message in requests { all.writeImmutableBuffer(message) }
                return all
            })
        let mirror = MethodImplementation(
            TestMesh.descriptor("Mirror", .bidirectional),
            .bidirectional { requests, sink, _ in for try await message in requests { try await sink.send(message) } })
        let mesh = try await TestMesh.start([join, mirror])
        let client = try await mesh.client()
        let joined = try await client.clientStreaming(join.descriptor, options: CallOptions())
        for text in ["a", "b", "c"] { try await joined.requests.send(ByteBuffer(string: text)) }
        #expect(String(buffer: try await joined.reply().message) == "abc")
        let mirrored = try await client.bidirectional(mirror.descriptor, options: CallOptions())
        var replies = mirrored.replies.makeAsyncIterator()
        for round in 0..<10 {
            try await mirrored.requests.send(ByteBuffer(string: "\(round)"))
            #expect(try await replies.next().map { String(buffer: $0) } == "\(round)")
        }
        try await mirrored.requests.finish()
        #expect(try await replies.next() == nil)
        await mesh.stop()
    }
}
