import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// A client whose link takes nothing until it is told to.
private final class StalledLink: FrameLink, @unchecked Sendable {
    // Confined to the loop.
    var isWritable = false
    private var splitter = FrameSplitter(mode: .mesh, settings: .default)
    let frames: AsyncStream<FrameHeader>
    private let sent: AsyncStream<FrameHeader>.Continuation

    init() {
        (frames, sent) = AsyncStream.makeStream()
    }

    func send(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { raw in
            do throws(ConnectionFailure) {
                try splitter.split(raw) { header, _ throws(ConnectionFailure) in sent.yield(header) }
            } catch {
                sent.finish()
            }
        }
    }

    func close() { sent.finish() }

    func framesToFirstRequest() async -> [FrameHeader] {
        var headers: [FrameHeader] = []
        for await header in frames {
            headers.append(header)
            if header.type == .request { break }
        }
        return headers
    }
}

struct StalledLinkTests {
    /// A client of `link` whose server has greeted it and takes PINGs as they come.
    private func client(
        _ link: StalledLink, on loop: any EventLoop, limits: ConnectionLimits = .default, minimumPingInterval: UInt32 = 0
    ) async throws -> ClientConnection {
        var settings = Settings.default
        settings.minimumPingInterval = minimumPingInterval
        let greeting = ByteBuffer(bytes: ControlFrame.settings(settings).encoded)
        let client = ClientConnection(loop: loop, link: link, mode: .mesh, limits: limits)
        try await loop.submit {
            client.start { _ in }
            client.received(greeting)
            client.readCompleted()
        }.get()
        return client
    }

    @Test("a call of a task that was cancelled before is never heard of by the server, where the call is made on the connection's loop too")
    func cancelledTask() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let link = StalledLink()
        link.isWritable = true
        let client = try await client(link, on: loop)
        let method = TestService.descriptor("Echo")
        let caller = Task(executorPreference: LoopExecutor.of(loop)) {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure { try await client.unary(ClientCall(method, ByteBuffer(string: "cancelled"), CallOptions())) }
        }
        #expect(await caller.value?.code == .cancelled)
        let next = Task { await failure { try await client.unary(ClientCall(method, ByteBuffer(string: "next"), CallOptions())) } }
        let headers = await link.framesToFirstRequest()
        // The first stream's id is still free.
        #expect(headers.map(\.type) == [.settings, .request])
        #expect(headers.last?.streamID == 1)
        loop.execute { client.closeNow() }
        #expect(await next.value?.code == .unavailable)
    }

    @Test("a server that does not answer a PING is given up when it is quiet, not while it says anything else")
    func unansweredPing() async throws {
        var limits = ConnectionLimits()
        limits.tick = .milliseconds(5)
        limits.keepaliveInterval = .milliseconds(200)
        limits.keepaliveTimeout = .milliseconds(200)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let link = StalledLink()
        link.isWritable = true
        let client = try await client(link, on: loop, limits: limits)
        let call = try ClientCall(TestService.descriptor("Echo"), ByteBuffer(string: "call"), CallOptions())
        let caller = Task { await failure { try await client.unary(call) } }
        for await header in link.frames where header.type == .ping { break }
        let sign = ByteBuffer(bytes: ControlFrame.windowUpdate(streamID: 0, increment: 1).encoded)
        for _ in 0..<40 {
            try await loop.scheduleTask(in: .milliseconds(20)) {
                client.received(sign)
                client.readCompleted()
            }.futureResult.get()
        }
        #expect(try await loop.submit { client.load }.get() == 1)
        #expect(await caller.value?.reason == RPCError.connectionLostReason)
    }

    @Test("a client leaves as much time between its PINGs as its server has announced")
    func minimumPingInterval() async throws {
        var limits = ConnectionLimits()
        limits.tick = .milliseconds(5)
        limits.keepaliveInterval = .milliseconds(20)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let link = StalledLink()
        link.isWritable = true
        let client = try await client(link, on: loop, limits: limits, minimumPingInterval: 300)
        let call = try ClientCall(TestService.descriptor("Echo"), ByteBuffer(string: "call"), CallOptions())
        let caller = Task { await failure { try await client.unary(call) } }
        var before = ContinuousClock.now, pings: UInt64 = 0
        for await header in link.frames where header.type == .ping {
            #expect(ContinuousClock.now - before >= .milliseconds(290))
            pings += 1
            guard pings < 3 else { break }
            before = .now
            let pong = ByteBuffer(bytes: ControlFrame.pong(pings).encoded)
            loop.execute {
                client.received(pong)
                client.readCompleted()
            }
        }
        loop.execute { client.closeNow() }
        #expect(await caller.value?.code == .unavailable)
    }

    @Test("a call given up before any of it was sent is never heard of by the server")
    func unsentCall() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let link = StalledLink()
        let client = try await client(link, on: loop)

        let given = try ClientCall(TestService.descriptor("Echo"), ByteBuffer(string: "given up"), CallOptions())
        let caller = Task { await failure { try await client.unary(given) } }
        while try await loop.submit({ client.load }).get() == 0 { await Task.yield() }
        caller.cancel()
        #expect(await caller.value?.code == .cancelled)

        let next = try ClientCall(TestService.descriptor("Echo"), ByteBuffer(string: "next"), CallOptions())
        async let reply = client.unary(next)
        while try await loop.submit({ client.load }).get() == 0 { await Task.yield() }
        loop.execute {
            link.isWritable = true
            client.writabilityChanged()
        }
        let headers = await link.framesToFirstRequest()
        #expect(headers.map(\.type) == [.settings, .request])
        #expect(headers.last?.streamID == 3)

        let response = try MeshV1.Response(payload: Array("answer".utf8)).packed()
        let frame = FrameHeader(length: UInt32(response.count), streamID: 3, type: .response).with(response)
        try await loop.submit {
            client.received(ByteBuffer(bytes: frame))
            client.readCompleted()
            client.closeNow()
        }.get()
        #expect(try await String(buffer: reply.message) == "answer")
    }
}
