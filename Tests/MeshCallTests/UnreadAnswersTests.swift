import Logging
import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// A peer that asks and does not read what it is answered.
@Suite(.timeLimit(.minutes(1)))
struct UnreadAnswersTests {
    private let greeting = ControlFrame.settings(.default).encoded

    private func request(_ id: UInt32, _ method: String, _ payload: [UInt8] = []) throws -> [UInt8] {
        let data = try MeshV1.Request(service: TestService.name, method: method, payload: payload).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request).with(data)
    }

    private func requests(_ count: Int, _ method: String, _ payload: [UInt8] = []) throws -> [UInt8] {
        try (0..<count).flatMap { try request(UInt32($0) * 2 + 1, method, payload) }
    }

    /// The GOAWAY that the server ends the connection with.
    private func end(of link: WireLink) async throws -> ConnectionFailure? {
        let frame = try #require(await link.readAll().last)
        let control = try frame.data.withUnsafeBytes { try ControlFrame(frame.header, $0) }
        guard case .goAway(_, let failure) = control else { return nil }
        return failure
    }

    @Test("too many unread answers end the connection", arguments: ["Echo", "Nothing"])
    func messages(method: String) async throws {
        var limits = ConnectionLimits()
        limits.maximumUnreadMessages = 10
        let link = WireLink([TestService.echo], mode: .mesh, limits: limits, stalled: true)
        link.write(greeting + (try requests(20, method)))
        #expect(try await end(of: link) == ConnectionFailure(.enhanceYourCalm, "answers are not read"))
    }

    @Test("too many bytes of unread answers end the connection, those of refusals too")
    func bytes() async throws {
        var limits = ConnectionLimits()
        limits.maximumOutboundBytes = 1000
        limits.maximumUnreadBytes = 2000
        let link = WireLink([TestService.echo], mode: .mesh, limits: limits, stalled: true)
        link.write(greeting + (try requests(100, "Echo", Array(repeating: 1, count: 100))))
        #expect(try await end(of: link) == ConnectionFailure(.enhanceYourCalm, "answers are not read"))
    }

    @Test("a peer that is owed nothing but control frames and takes none is given up too")
    func controlFramesOnly() async throws {
        var limits = ConnectionLimits()
        limits.tick = .milliseconds(5)
        limits.writeStallTimeout = .milliseconds(50)
        let link = WireLink([TestService.echo], mode: .mesh, limits: limits, stalled: true)
        link.write(greeting + ControlFrame.ping(7).encoded)
        #expect(try await end(of: link) == ConnectionFailure(.timeout, "the peer took no bytes for 0.05 seconds"))
    }

    /// The longest that a peer may take nothing, and a server with an answer of 4 MiB for it, whose link is filled by every frame.
    private func slowly() async throws -> WireLink {
        var limits = ConnectionLimits()
        limits.tick = .milliseconds(5)
        limits.writeStallTimeout = .milliseconds(400)
        limits.outboundHighWater = 64 << 10
        let answered = Signal()
        let long = TestService.unary("Long") { _, _ in
            defer { answered.raise() }
            return ByteBuffer(repeating: 1, count: (4 << 20) - 100)
        }
        let link = WireLink([long], mode: .mesh, limits: limits, fillsUp: true)
        link.write(greeting + (try request(1, "Long")))
        await answered.wait()
        return link
    }

    /// Lets time pass: less than a peer may take nothing.
    private func wait() async throws {
        try await MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: .milliseconds(25)) {}.futureResult.get()
    }

    @Test("a peer that takes bytes steadily is not given up, though there is always more for it than the link takes")
    func steady() async throws {
        let link = try await slowly()
        let clock = ContinuousClock(), began = clock.now
        var type: FrameType?, isEnded = false
        while !isEnded, type != .goAway {
            try await wait()
            link.resume()
            let header = try #require(await link.read()).header
            type = header.type
            isEnded = header.type == .response && !header.flags.contains(.more)
        }
        #expect(isEnded)
        #expect(clock.now - began > .milliseconds(800))
        link.hangUp()
    }

    @Test("a link that has bytes taken of it and is still full is not given up before nothing at all is taken")
    func stillFull() async throws {
        let link = try await slowly()
        for _ in 0..<40 {
            try await wait()
            link.takeSome()
        }
        link.resume()
        let types = try [#require(await link.read()), #require(await link.read())].map(\.header.type)
        #expect(types == [.settings, .response])
        #expect(try await end(of: link) == ConnectionFailure(.timeout, "the peer took no bytes for 0.4 seconds"))
    }

    @Test("an answer still queued when its call is given up is not sent")
    func cancelled() async throws {
        let link = WireLink([TestService.echo], mode: .mesh, stalled: true)
        link.write(greeting + (try request(1, "Echo")))
        link.write(ControlFrame.cancel(streamID: 1, code: 1, reason: "").encoded + (try request(3, "Echo")))
        link.resume()
        var frames: [FrameHeader] = []
        while frames.last?.type != .response { frames.append(try #require(await link.read()).header) }
        #expect(frames.map(\.streamID) == [0, 3])
    }

    @Test("a request whose last part does not come ends the connection")
    func unfinished() async throws {
        var limits = ConnectionLimits()
        limits.tick = .milliseconds(20)
        limits.partialRequestTimeout = .milliseconds(100)
        let link = WireLink([TestService.echo], mode: .mesh, limits: limits)
        link.write(greeting + FrameHeader(length: 1, streamID: 1, type: .request, flags: .more).with([1]))
        let failure = try #require(try await end(of: link))
        #expect(failure.code == .timeout)
        #expect(failure.reason.contains("a request was not complete"))
    }

    @Test("a flood of requests that are refused ends the connection, read or not")
    func refusals() async throws {
        let link = WireLink([TestService.echo], mode: .mesh)
        link.write(greeting + (try requests(3000, "Nothing")))
        let failure = try #require(try await end(of: link))
        #expect(failure.code == .enhanceYourCalm)
        #expect(failure.reason.contains("refused"))
    }

    @Test("a ping is answered before what is left of an answer of 4 MiB")
    func ping() async throws {
        let answered = Signal()
        let long = TestService.unary("Long") { _, _ in
            defer { answered.raise() }
            return ByteBuffer(repeating: 1, count: (4 << 20) - 100)
        }
        let link = WireLink([long], mode: .mesh, stalled: true)
        link.write(greeting + (try request(1, "Long")))
        await answered.wait()
        link.write(ControlFrame.ping(7).encoded)
        link.resume()
        var before = 0, parts = 0, hasPong = false, isEnded = false
        while !(hasPong && isEnded) {
            let frame = try #require(await link.read())
            if frame.header.type == .response {
                parts += 1
                isEnded = !frame.header.flags.contains(.more)
                if !hasPong { before += 1 }
            } else if case .pong(7) = try frame.data.withUnsafeBytes({ try ControlFrame(frame.header, $0) }) {
                hasPong = true
            }
        }
        #expect(parts == 64)
        // What had been cut already when the link took no more.
        #expect(before <= 8, "\(before) of \(parts) frames came before the answer to the ping")
    }

    @Test("a request that is refused before it is read is one line in the log")
    func lines() async throws {
        let log = LogRecorder(level: .info)
        let link = WireLink([TestService.echo], mode: .baseline, log: log)
        link.write(try request(2, "Echo") + request(1, "Echo"))
        var ended: Set<UInt32> = []
        while ended != [1, 2] {
            let header = try #require(await link.read()).header
            if header.type == .response { ended.insert(header.streamID) }
        }
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains("STREAM_ID") == true, "\(log.lines)")
    }
}
