import Dispatch
import MeshCall
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import MeshRuntime

struct HandshakeQueueTests {
    @Test("the oldest handshake is given up first, and those that ended are not looked at again")
    func order() {
        var queue = HandshakeQueue<String>()
        let first = queue.enter("first")
        _ = queue.enter("second")
        let third = queue.enter("third")
        queue.leave(first)
        queue.leave(first)
        #expect(queue.count == 2)
        #expect(queue.removeOldest() == "second")
        queue.leave(third)
        #expect(queue.removeOldest() == nil)
        _ = queue.enter("fourth")
        #expect(queue.removeOldest() == "fourth")
        #expect(queue.count == 0)
    }
}

struct ConnectionLifetimeTests {
    private static var limits: ServerLimits {
        var limits = ServerLimits.unguarded
        limits.maximumConnectionAge = .seconds(100)
        limits.ageGrace = .seconds(50)
        limits.expiryGrace = .seconds(5)
        return limits
    }

    @Test("an age is a tenth shorter or longer, by chance")
    func age() {
        for (jitter, seconds) in [(0.0, 90), (0.5, 100), (1.0, 110)] {
            let lifetime = ConnectionLifetime(certificateLeft: .seconds(1000), jitter: jitter, Self.limits)
            #expect(lifetime.drainAfter == .seconds(seconds))
            #expect(lifetime.grace == .seconds(50))
            #expect(lifetime.reason == .age)
        }
    }

    @Test("a certificate that ends earlier ends the connection, also while it drains")
    func certificate() {
        let short = ConnectionLifetime(certificateLeft: .seconds(80), jitter: 0.5, Self.limits)
        #expect((short.drainAfter, short.grace, short.reason) == (.seconds(80), .seconds(5), .certificate))
        let ended = ConnectionLifetime(certificateLeft: .seconds(-5), jitter: 0.5, Self.limits)
        #expect((ended.drainAfter, ended.reason) == (.zero, .certificate))
        let meanwhile = ConnectionLifetime(certificateLeft: .seconds(120), jitter: 0.5, Self.limits)
        #expect((meanwhile.drainAfter, meanwhile.grace, meanwhile.reason) == (.seconds(100), .seconds(25), .age))
    }

    @Test("no certificate, or one that ends long after everything, does not overflow a timer")
    func longest() {
        var limits = Self.limits
        limits.maximumConnectionAge = .seconds(1 << 40)
        let lifetime = ConnectionLifetime(certificateLeft: .seconds(Int64.max / 2), jitter: 1, limits)
        #expect(lifetime.drainAfter == .seconds(365 * 86_400))
    }
}

struct HandshakeLimitTests {
    @Test("with too many handshakes under way the oldest is given up, and those that prove who they are get in")
    func oldestGoes() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumHandshakes = 3
        let mesh = try await TestMesh.start(limits: limits)
        let established = try await mesh.client()
        #expect(try await established.call("Echo", "1") == "1")
        var half: [RawPeer] = []
        for _ in 0..<3 { half.append(try await RawPeer.connect(port: mesh.port, tls: nil)) }
        let newcomer = try await mesh.client()
        #expect(try await newcomer.call("Echo", "2") == "2")
        #expect(try await half[0].untilClosed().isEmpty)
        #expect(try await established.call("Echo", "3") == "3")
        #expect(mesh.server.handshakeCount <= 3)
        #expect(mesh.log.lines.contains { $0.contains("too many handshakes under way") }, "\(mesh.log.lines)")
        await mesh.stop()
        #expect(mesh.server.handshakeCount == 0)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ConnectionBurstTests {
    @Test("of connections that are accepted together, each in the place of the one before, those given up are forgotten")
    func burst() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumHandshakes = 1
        let mesh = try await TestMesh.start(limits: limits)
        // The kernel completes the connections; they are accepted together, before any of them is active.
        let held = DispatchSemaphore(value: 0), loop = HandshakeLoop.group.next()
        loop.execute { held.wait() }
        var peers: [RawPeer] = []
        for _ in 0..<8 { peers.append(try await RawPeer.connect(port: mesh.port, tls: nil)) }
        held.signal()
        while mesh.log.lines.count(where: { $0.contains("too many handshakes under way") }) < 7 { await Task.yield() }
        while mesh.server.connectionCount > 1 { await Task.yield() }
        #expect(mesh.server.handshakeCount == 1)
        for peer in peers { try? await peer.channel.close() }
        await mesh.stop()
        #expect(mesh.server.connectionCount == 0)
    }
}
