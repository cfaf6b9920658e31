import Foundation
import Logging
import MeshCall
import MeshRuntime
import MeshTLS
import MeshWire
import NIOPosix
import TestSupport
import Testing

/// What a server does that is no mesh server costs its clients their calls, in time, and nothing more.
struct HostileServerTests {
    private func call(_ greeting: [UInt8], _ limits: ClientLimits = .default, log: LogRecorder = LogRecorder()) async throws -> RPCError? {
        let authority = try await TestAuthority.make()
        let server = try await RawServer.start(try await authority.server(), greeting: greeting)
        let client = MeshClient(
            host: "127.0.0.1", port: server.port, tls: try await authority.client(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: log.logger, limits: limits)
        let error = await failure { try await client.call("Echo") }
        await client.close()
        try await server.stop()
        return error
    }

    private var impatient: ClientLimits {
        var limits = ClientLimits()
        limits.connection.tick = .milliseconds(20)
        limits.connection.settingsTimeout = .milliseconds(200)
        limits.connection.keepaliveInterval = .milliseconds(50)
        limits.connection.keepaliveTimeout = .milliseconds(100)
        return limits
    }

    @Test("what a server did wrong stands in the client's log")
    func logged() async throws {
        let log = LogRecorder()
        let greeting = ControlFrame.settings(.default).encoded + ControlFrame.settings(.default).encoded
        #expect(try await call(greeting, log: log)?.code == .unavailable)
        #expect(log.lines.contains { $0.contains("connection closed") && $0.contains("SETTINGS twice") }, "\(log.lines)")
    }

    @Test("a server that falls silent is found out by a ping")
    func silent() async throws {
        var settings = Settings.default
        settings.minimumPingInterval = 0
        let error = try await call(ControlFrame.settings(settings).encoded, impatient)
        #expect(error?.code == .unavailable)
        #expect(error?.reason == RPCError.connectionLostReason)
    }

    @Test("a server that never sends SETTINGS is no server")
    func noSettings() async throws {
        #expect(try await call([], impatient)?.reason == "UNREACHABLE")
    }

    @Test("garbage instead of frames is no server either")
    func garbage() async throws {
        #expect(try await call(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))?.reason == "UNREACHABLE")
    }

    @Test("a frame on a stream that was never opened loses the connection")
    func strayFrame() async throws {
        let stray = FrameHeader(length: 0, streamID: 9, type: .response).encoded
        let error = try await call(ControlFrame.settings(.default).encoded + stray)
        #expect(error?.code == .unavailable)
    }

    @Test("GOAWAY for everything makes calls UNAVAILABLE after a few attempts, and none is taken for run")
    func goAway() async throws {
        let goAway = ControlFrame.goAway(lastStreamID: 0, ConnectionFailure(.noError, "go")).encoded
        let error = try await call(ControlFrame.settings(.default).encoded + goAway)
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "CONNECTION_CLOSED")
    }
}
