import Glibc
import MeshCall
import MeshTLS
import MeshWire
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import MeshRuntime

/// Peers that vanish without a word.
@Suite(.timeLimit(.minutes(1)))
struct KeepaliveTests {
    @Test("a server closes the connection of a caller that has vanished; a caller that is there waits as long as it likes")
    func vanished() async throws {
        var limits = ServerLimits.unguarded
        limits.connection.tick = .milliseconds(20)
        limits.connection.serverKeepaliveInterval = .milliseconds(200)
        limits.connection.serverKeepaliveTimeout = .seconds(1)
        let goOn = Signal(), cancelled = Signal()
        let wait = TestMesh.unary("Wait") { message, _ in
            await goOn.wait()
            return message
        }
        let hang = TestMesh.unary("Hang") { message, _ in
            await untilCancelled()
            cancelled.raise()
            return message
        }
        let mesh = try await TestMesh.start([wait, hang], limits: limits)
        let client = try await mesh.client(limits: Self.client(minimumPingInterval: 0))
        async let patient = client.call("Wait", "still here")
        // It reads and never answers, as far as the server can see.
        let peer = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client())
        try await peer.send(ControlFrame.settings(Self.client(minimumPingInterval: 0).connection.settings).encoded + RawFrames.request("Hang", on: 1))
        await cancelled.wait()
        _ = try await peer.untilClosed()
        #expect(mesh.log.lines.contains { $0.contains("connection closed") && $0.contains("after a PING") }, "\(mesh.log.lines)")
        goOn.raise()
        #expect(try await patient == "still here")
        await mesh.stop()
    }

    private static func client(minimumPingInterval: UInt32) -> ClientLimits {
        var limits = ClientLimits()
        limits.connection.settings.minimumPingInterval = minimumPingInterval
        return limits
    }

    @Test("ends that would ping more often than the other takes it leave the time that it has announced, and keep their connection")
    func minimumPingInterval() async throws {
        var limits = ServerLimits.unguarded, clientLimits = Self.client(minimumPingInterval: 60_000)
        limits.connection.settings.minimumPingInterval = 60_000
        // Whoever does not heed it has sent more than are taken at once after a third of a second.
        (limits.connection.tick, clientLimits.connection.tick) = (.milliseconds(10), .milliseconds(10))
        (limits.connection.serverKeepaliveInterval, clientLimits.connection.keepaliveInterval) = (.milliseconds(10), .milliseconds(10))
        let wait = TestMesh.unary("Wait") { message, _ in
            await pause(until: .now + .seconds(2), on: MultiThreadedEventLoopGroup.singleton.next())
            return message
        }
        let mesh = try await TestMesh.start([wait], limits: limits)
        let client = try await mesh.client(limits: clientLimits)
        #expect(try await client.call("Wait", "still here") == "still here")
        #expect(!mesh.log.lines.contains { $0.contains("PING") }, "\(mesh.log.lines)")
        await client.close()
        await mesh.stop()
    }

    @Test("in baseline the kernel is told when to ask, and how long to wait")
    func socketOptions() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: listener.localAddress?.port ?? 0).get()
        try await channel.eventLoop.submit { BaselineKeepalive.start(on: channel, after: .milliseconds(7900), timeout: .milliseconds(1500)) }.get()
        #expect(try await channel.getOption(.socketOption(.so_keepalive)).get() == 1)
        #expect(try await channel.getOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE))).get() == 7)
        #expect(try await channel.getOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL))).get() == 1)
        #expect(try await channel.getOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT))).get() == 9400)
        // Off.
        for (interval, timeout) in [(Duration.zero, Duration.seconds(1)), (.seconds(1), .zero)] {
            BaselineKeepalive.start(on: channel, after: interval, timeout: timeout)
            #expect(try await channel.getOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE))).get() == 7)
        }
        BaselineKeepalive.start(on: channel, after: .milliseconds(10), timeout: .milliseconds(10))
        #expect(try await channel.getOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE))).get() == 1)
        #expect(try await channel.getOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT))).get() == 2000)
        try await channel.close()
        try await listener.close()
    }

    @Test("both ends of a baseline connection ask")
    func bothEnds() async throws {
        let authority = try await TestAuthority.make()
        let tls = try MeshTLSContext.meshServer(
            await authority.credentials("execution"), trustDomain: authority.trustDomain, allowsBaseline: true)
        let mesh = try await TestMesh.start(authority: authority, tls: tls)
        let client = try await mesh.client(
            tls: .meshClient(
                await authority.credentials("gateway"), trustDomain: authority.trustDomain, expecting: "execution", protocol: .baseline))
        #expect(try await client.call("Echo", "hello") == "hello")
        // Both have their sockets in this process: 20 and 10 seconds at the client, 30 and 20 at the server.
        #expect(ConnectedSockets.options([TCP_KEEPIDLE, TCP_KEEPINTVL], port: mesh.port) == [[20, 10], [30, 20]])
        await client.close()
        await mesh.stop()
    }
}
