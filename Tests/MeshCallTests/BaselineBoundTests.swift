import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// Baseline has no windows: what nobody reads is bounded all the same, by stream and by connection.
@Suite(.timeLimit(.minutes(1)))
struct BaselineBoundTests {
    private static let megabyte = [UInt8](repeating: 7, count: 1 << 20)

    private func request(_ id: UInt32, _ method: String, _ flags: FrameFlags, _ payload: [UInt8] = []) throws -> [UInt8] {
        let data = try MeshV1.Request(service: TestService.name, method: method, payload: payload).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request, flags: flags).with(data)
    }

    private func message(_ id: UInt32) -> [UInt8] {
        FrameHeader(length: UInt32(Self.megabyte.count), streamID: id, type: .data).with(Self.megabyte)
    }

    @Test("many streams whose handlers do not read hold 16 MiB together; one that wants more ends with status 8, and others' calls go on")
    func server() async throws {
        let deaf = MethodImplementation(
            TestService.descriptor("Deaf", .clientStreaming),
            .clientStreaming { _, _ in
                await untilCancelled()
                return ByteBuffer()
            })
        let link = WireLink([TestService.echo, deaf], mode: .baseline)
        let ids = (0..<64).map { UInt32($0 * 2 + 1) }
        for id in ids { link.write(try request(id, "Deaf", .remoteOpen)) }
        for id in ids { link.write(message(id)) }
        let room = WireLimits.baselineUnreadBytes / (Self.megabyte.count + FrameHeader.size)
        for id in ids.dropFirst(room) {
            let frame = try #require(await link.read())
            #expect(frame.header.streamID == id)
            #expect(try MeshV1.Response(packed: frame.data).status?.code == 8)
        }
        link.write(try request(1001, "Echo", [], [1]))
        #expect(try #require(await link.read()).header.streamID == 1001)
        link.hangUp()
    }

    @Test("messages that are read make room for others: a connection takes any number of them")
    func readingServer() async throws {
        let sum = MethodImplementation(
            TestService.descriptor("Sum", .clientStreaming),
            .clientStreaming { requests, _ in
                var sum = 0
                for try await message in requests { sum += message.readableBytes }
                return ByteBuffer(string: "\(sum)")
            })
        let link = WireLink([sum], mode: .baseline)
        for id in (0..<8).map({ UInt32($0 * 2 + 1) }) {
            link.write(try request(id, "Sum", .remoteOpen))
            for _ in 0..<4 { link.write(message(id)) }
            link.write(FrameHeader(length: 0, streamID: id, type: .data, flags: [.remoteClosed, .noData]).encoded)
            let frame = try #require(await link.read())
            #expect(try String(decoding: MeshV1.Response(packed: frame.data).payload, as: UTF8.self) == "\(4 * Self.megabyte.count)")
        }
    }

    @Test("a client holds 16 MiB of answers that nobody reads; what is read or let go of makes room")
    func client() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let link = Sink()
        let client = ClientConnection(loop: loop, link: link, mode: .baseline, limits: .default)
        loop.execute { client.start { _ in } }
        let method = TestService.descriptor("Much", .serverStreaming)
        let feed = { (id: UInt32, flags: FrameFlags) in
            let bytes = FrameHeader(length: UInt32(Self.megabyte.count), streamID: id, type: .data, flags: flags).with(Self.megabyte)
            try await loop.submit {
                client.received(ByteBuffer(bytes: bytes))
                client.readCompleted()
            }.get()
        }
        var streams: [ReplyStream] = []
        for number in 0..<20 {
            streams.append(try await client.serverStreaming(OutgoingCall(method, ByteBuffer(), CallOptions())))
            // Every other one ends with its message.
            try await feed(UInt32(number * 2 + 1), number.isMultiple(of: 2) ? .remoteClosed : [])
        }
        let room = WireLimits.baselineUnreadBytes / (Self.megabyte.count + FrameHeader.size)
        for refused in streams[room...] { #expect(await failure { for try await _ in refused {} }?.code == .resourceExhausted) }

        var first = streams[0].makeAsyncIterator()
        #expect(try await first.next()?.readableBytes == Self.megabyte.count)
        #expect(try await first.next() == nil)
        let open = [streams[3], streams[5]]
        streams.remove(at: 1)
        // The loop hears of both before it gets more.
        for id in [7, 11] as [UInt32] { try await feed(id, []) }
        for stream in open {
            var messages = stream.makeAsyncIterator()
            for _ in 0..<2 { #expect(try await messages.next()?.readableBytes == Self.megabyte.count) }
        }
        loop.execute { client.closeNow() }
    }
}

/// Takes whatever is sent.
private final class Sink: FrameLink {
    var isWritable: Bool { true }
    func send(_ bytes: ByteBuffer) {}
    func close() {}
}
