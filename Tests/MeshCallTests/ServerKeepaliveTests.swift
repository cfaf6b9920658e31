import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import TestSupport
import Testing

/// Callers that vanish, and connections that nobody uses.
@Suite(.timeLimit(.minutes(1)))
struct ServerKeepaliveTests {
    private static let greeting = greeting(minimumPingInterval: 0)

    private static func greeting(minimumPingInterval: UInt32) -> [UInt8] {
        var settings = Settings.default
        settings.minimumPingInterval = minimumPingInterval
        return ControlFrame.settings(settings).encoded
    }

    private static let ping = ControlFrame.ping(ServerStateMachine.keepalivePing).encoded

    private static func limits(_ timeout: Duration) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.tick = .milliseconds(5)
        limits.serverKeepaliveInterval = .milliseconds(20)
        limits.serverKeepaliveTimeout = timeout
        return limits
    }

    private func request(_ method: String) throws -> [UInt8] {
        let data = try MeshV1.Request(service: TestService.name, method: method).packed()
        return FrameHeader(length: UInt32(data.count), streamID: 1, type: .request).with(data)
    }

    @Test("a caller that says nothing while its call is open is asked once, then its connection is closed and its handler cancelled")
    func vanished() async throws {
        let cancelled = Signal()
        let hang = TestService.unary("Hang") { message, _ in
            await untilCancelled()
            cancelled.raise()
            return message
        }
        let link = WireLink([hang], mode: .mesh, limits: Self.limits(.milliseconds(50)))
        link.write(Self.greeting + (try request("Hang")))
        let frames = await link.readAll()
        #expect(frames.map(\.header.type) == [.settings, .ping, .goAway])
        let last = try #require(frames.last)
        let end = try last.data.withUnsafeBytes { try ControlFrame(last.header, $0) }
        #expect(end == .goAway(lastStreamID: 1, ConnectionFailure(.timeout, "nothing came in 0.05 seconds after a PING")))
        await cancelled.wait()
    }

    @Test(
        "whoever answers, by PONG or by anything else, is asked again and again while the call is open",
        arguments: [ControlFrame.pong(ServerStateMachine.keepalivePing), .windowUpdate(streamID: 1, increment: 1)])
    func there(_ sign: ControlFrame) async throws {
        let goOn = Signal()
        let hang = TestService.unary("Hang") { message, _ in
            await goOn.wait()
            return message
        }
        var limits = Self.limits(.seconds(10))
        // Nor is a connection idle that has a call.
        limits.idleTimeout = .milliseconds(20)
        let link = WireLink([hang], mode: .mesh, limits: limits)
        link.write(Self.greeting + (try request("Hang")))
        _ = await link.read()
        for _ in 0..<5 {
            let frame = try #require(await link.read())
            #expect(frame.header.encoded + frame.data == Self.ping)
            link.write(sign.encoded)
        }
        goOn.raise()
        var frame = await link.read()
        while frame?.header.type == .ping { frame = await link.read() }
        #expect(frame?.header.type == .response)
    }

    @Test("a caller that has announced how much time it wants between PINGs gets that much")
    func minimumInterval() async throws {
        let hang = TestService.unary("Hang") { message, _ in
            await untilCancelled()
            return message
        }
        let link = WireLink([hang], mode: .mesh, limits: Self.limits(.seconds(10)))
        link.write(Self.greeting(minimumPingInterval: 300) + (try request("Hang")))
        _ = await link.read()
        for _ in 0..<3 {
            let before = ContinuousClock.now
            let frame = try #require(await link.read())
            #expect(frame.header.type == .ping && ContinuousClock.now - before >= .milliseconds(290))
            link.write(ControlFrame.pong(ServerStateMachine.keepalivePing).encoded)
        }
        link.hangUp()
    }

    @Test("a caller behind a full link has as long as it may take nothing: the PING stands behind the rest")
    func fullLink() async throws {
        let hang = TestService.unary("Hang") { message, _ in
            await untilCancelled()
            return message
        }
        var limits = Self.limits(.milliseconds(50))
        limits.writeStallTimeout = .milliseconds(400)
        let link = WireLink([hang], mode: .mesh, limits: limits, stalled: true)
        link.write(Self.greeting + (try request("Hang")))
        let last = try #require(await link.readAll().last)
        let end = try last.data.withUnsafeBytes { try ControlFrame(last.header, $0) }
        #expect(end == .goAway(lastStreamID: 1, ConnectionFailure(.timeout, "the peer took no bytes for 0.4 seconds")))
    }

    @Test("a connection without calls is not asked, and closed when its time is over", arguments: [WireMode.mesh, .baseline])
    func idle(_ mode: WireMode) async throws {
        var limits = Self.limits(.milliseconds(5))
        limits.idleTimeout = .milliseconds(200)
        let link = WireLink([TestService.echo], mode: mode, limits: limits)
        link.write((mode == .mesh ? Self.greeting : []) + (try request("Echo")))
        let frames = await link.readAll()
        #expect(frames.map(\.header.type) == (mode == .mesh ? [.settings, .response, .goAway] : [.response]))
        guard mode == .mesh, let last = frames.last else { return }
        let end = try last.data.withUnsafeBytes { try ControlFrame(last.header, $0) }
        #expect(end == .goAway(lastStreamID: 1, ConnectionFailure(.noError, "idle for 0.2 seconds")))
    }

    @Test("in baseline there is no PING: a quiet call goes on")
    func baseline() async throws {
        let began = Signal()
        let hang = TestService.unary("Hang") { message, context in
            began.raise()
            await untilCancelled()
            return message
        }
        let link = WireLink([hang], mode: .baseline, limits: Self.limits(.milliseconds(5)))
        let data = try MeshV1.Request(service: TestService.name, method: "Hang", timeoutNano: 300_000_000).packed()
        link.write(FrameHeader(length: UInt32(data.count), streamID: 1, type: .request).with(data))
        await began.wait()
        // What comes first is that its time is over.
        let frame = try #require(await link.read())
        #expect(try MeshV1.Response(packed: frame.data).status?.code == 4)
        link.hangUp()
    }
}
