import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import NIOPosix
import Testing

/// Frames captured from stock Go ttrpc, as this code writes and reads them.
@Suite(.timeLimit(.minutes(1)))
struct GoldenBytesTests {
    /// The Request of a bidirectional call of `s.S/Bidi`: flag `02`, no timeout, no metadata.
    private static let open: [UInt8] = [
        0, 0, 0, 0x0b, 0, 0, 0, 1, 1, 2, 0x0a, 0x03, 0x73, 0x2e, 0x53, 0x12, 0x04, 0x42, 0x69, 0x64, 0x69,
    ]
    /// A message: a Status with code 3.
    private static let message: [UInt8] = [0, 0, 0, 2, 0, 0, 0, 1, 3, 0, 8, 3]
    private static let halfClose: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 3, 5]

    private static let bidi = MethodDescriptor(service: "s.S", name: "Bidi", kind: .bidirectional, policy: TestService.open)

    private func frames(_ bytes: [UInt8]) throws -> [(header: FrameHeader, data: [UInt8])] {
        var splitter = FrameSplitter(mode: .baseline, settings: .default)
        var frames: [(header: FrameHeader, data: [UInt8])] = []
        try bytes.withUnsafeBytes { raw in
            try splitter.split(raw) { header, data throws(ConnectionFailure) in frames.append((header, data.map { [UInt8]($0) } ?? [])) }
        }
        return frames
    }

    @Test("messages of this code's have the same bytes")
    func written() throws {
        let request = try MeshV1.Request(service: "s.S", method: "Bidi").packed()
        #expect(FrameHeader(length: UInt32(request.count), streamID: 1, type: .request, flags: .remoteOpen).with(request) == Self.open)
        let status = try MeshV1.Status(code: 3).packed()
        #expect(FrameHeader(length: UInt32(status.count), streamID: 1, type: .data).with(status) == Self.message)
        #expect(FrameHeader(length: 0, streamID: 1, type: .data, flags: [.remoteClosed, .noData]).encoded == Self.halfClose)
    }

    @Test("they are read as what they are")
    func read() throws {
        let frames = try frames(Self.open + Self.message + Self.halfClose)
        #expect(frames.map(\.header.type) == [.request, .data, .data])
        #expect(frames.map(\.header.flags) == [.remoteOpen, [], [.remoteClosed, .noData]])
        #expect(frames.map(\.header.streamID) == [1, 1, 1])
        let request = try MeshV1.Request(packed: frames[0].data)
        #expect(request == MeshV1.Request(service: "s.S", method: "Bidi"))
        #expect(try MeshV1.Status(packed: frames[1].data) == MeshV1.Status(code: 3))
        #expect(frames[2].data.isEmpty)
    }

    @Test("a server takes them for a call, its message and its end, and answers in the same bytes")
    func server() async throws {
        let echo = MethodImplementation(
            Self.bidi,
            .bidirectional { requests, sink, _ in
                for try await message in requests { try await sink.send(message) }
            })
        let link = WireLink([echo], mode: .baseline)
        link.write(Self.open + Self.message + Self.halfClose)
        for expected in [Self.message, Self.halfClose] {
            let frame = try #require(await link.read())
            #expect(frame.header.with(frame.data) == expected)
        }
        link.hangUp()
    }

    @Test("a client sends the same message and end; its Request begins with the same names, says that it has no message, and how much time is left")
    func client() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let link = Recorder()
        let client = ClientConnection(loop: loop, link: link, mode: .baseline, limits: .default)
        loop.execute { client.start { _ in } }
        let call = try await client.bidirectional(OutgoingCall(Self.bidi, ByteBuffer(), CallOptions(timeout: .seconds(10))))
        try await call.requests.send(MeshV1.Status(code: 3))
        try await call.requests.finish()
        let sent = try await loop.submit { link.bytes }.get()
        #expect(sent.suffix(Self.message.count + Self.halfClose.count) == Self.message + Self.halfClose)
        let request = try #require(try frames(sent).first)
        #expect(request.header.flags == [.remoteOpen, .noData])
        #expect(request.data.starts(with: Self.open.dropFirst(FrameHeader.size)))
        #expect(try MeshV1.Request(packed: request.data).timeoutNano > 0)
        loop.execute { client.closeNow() }
    }
}

/// Keeps what is sent.
private final class Recorder: FrameLink, @unchecked Sendable {
    // Confined to the loop.
    private(set) var bytes: [UInt8] = []
    var isWritable: Bool { true }
    func send(_ bytes: ByteBuffer) { self.bytes.append(contentsOf: bytes.readableBytesView) }
    func close() {}
}
