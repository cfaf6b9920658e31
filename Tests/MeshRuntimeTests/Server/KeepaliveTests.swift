import Foundation
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
        // A client takes ten PINGs a second.
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
        let client = try await mesh.client()
        async let patient = client.call("Wait", "still here")
        // It reads and never answers, as far as the server can see.
        let peer = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client())
        try await peer.send(ControlFrame.settings(.default).encoded + RawFrames.request("Hang", on: 1))
        await cancelled.wait()
        _ = try await peer.untilClosed()
        #expect(mesh.log.lines.contains { $0.contains("connection closed") && $0.contains("after a PING") }, "\(mesh.log.lines)")
        goOn.raise()
        #expect(try await patient == "still here")
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
        // Both have their sockets in this process.
        #expect(Self.keepalive(port: mesh.port).sorted { $0.idle < $1.idle } == [Keepalive(idle: 20, interval: 10), Keepalive(idle: 30, interval: 20)])
        await client.close()
        await mesh.stop()
    }

    private struct Keepalive: Equatable {
        /// Seconds of quiet until the first probe, and from that to the next.
        let idle: CInt
        let interval: CInt
    }

    /// Of the sockets of this process that are connected to a port or by it. One may have two descriptors for a while: a connection is handed over.
    private static func keepalive(port: Int) -> [Keepalive] {
        var found: [[Int]: Keepalive] = [:]
        for descriptor in ProcessFiles.descriptors {
            guard let own = Self.port(of: descriptor, getsockname), let peer = Self.port(of: descriptor, getpeername), own == port || peer == port
            else { continue }
            found[[own, peer]] = Keepalive(idle: option(TCP_KEEPIDLE, descriptor), interval: option(TCP_KEEPINTVL, descriptor))
        }
        return Array(found.values)
    }

    private static func port(
        of descriptor: CInt, _ name: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> Int? {
        var address = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
        }
        return result == 0 && address.sin_family == sa_family_t(AF_INET) ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    private static func option(_ name: CInt, _ descriptor: CInt) -> CInt {
        var value: CInt = 0, length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, CInt(IPPROTO_TCP), name, &value, &length) == 0 ? value : -1
    }
}
