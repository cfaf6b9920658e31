import MeshCall
import MeshRuntime
import NIOCore
import TestSupport
import Testing

/// Streams over a client's pool, which hands its reader over to the connection after the first message.
@Suite(.timeLimit(.minutes(1)))
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
            // Longer than this test may take: nothing else ends the call.
            let options = CallOptions(timeout: .seconds(600))
            var messages = try await client.serverStreaming(Self.count, ByteBuffer(), options: options).makeAsyncIterator()
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

    @Test("who observes a stream is told once how it ended, whether it was read, left or failed")
    func observing() async throws {
        let failing = MethodImplementation(
            TestMesh.descriptor("Fail", .serverStreaming),
            .serverStreaming { _, sink, _ in
                for _ in 0..<2 { try await sink.send(ByteBuffer()) }
                throw RPCError(.aborted, "half-way")
            })
        let mesh = try await TestMesh.start([Self.counting(), failing])
        let client = try await mesh.client()
        #expect(try await ends(of: client, Self.count, "5", reading: .max) == [nil])
        #expect(try await ends(of: client, Self.count, "", reading: 3) == [.cancelled])
        #expect(try await ends(of: client, failing.descriptor, "", reading: .max) == [.aborted])
        await mesh.stop()
    }

    private func ends(
        of client: MeshClient, _ method: MethodDescriptor, _ request: String, reading limit: Int
    ) async throws -> [StatusCode?] {
        let (ends, told) = AsyncStream.makeStream(of: StatusCode?.self)
        do {
            let replies = try await client.serverStreaming(method, ByteBuffer(string: request), options: CallOptions())
                .observed { told.yield($0?.code) }
            var reader = replies.makeAsyncIterator()
            var seen = 0
            _ = await failure { while seen < limit, try await reader.next() != nil { seen += 1 } }
        }
        var first: [StatusCode?] = []
        for await end in ends {
            first.append(end)
            told.finish()
        }
        return first
    }

    @Test("a message longer than any may be is refused by its sender with the same reason as a plain request")
    func tooLongMessage() async throws {
        let take = MethodImplementation(
            TestMesh.descriptor("Take", .clientStreaming), .clientStreaming { requests, _ in
                for try await _ in requests {}
                return ByteBuffer()
            })
        let mesh = try await TestMesh.start([take])
        let call = try await mesh.client().clientStreaming(take.descriptor, options: CallOptions())
        let long = InteropV1.SimpleRequest(payload: InteropV1.Payload(body: Array(repeating: 1, count: 5 << 20)))
        let error = await failure { try await call.requests.send(long) }
        #expect(error?.code == .resourceExhausted && error?.reason == "REQUEST_TOO_LONG")
        await mesh.stop()
    }
}
