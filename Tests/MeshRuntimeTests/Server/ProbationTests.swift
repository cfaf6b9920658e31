@testable import MeshRuntime
import MeshWire
import NIOCore
import TestSupport
import Testing

struct ProbationTests {
    private func address(_ text: String) throws -> PeerAddress { try #require(PeerAddress(SocketAddress(ipAddress: text, port: 4000))) }

    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    @Test("each offence doubles the wait, up to the longest")
    func doubles() throws {
        var probation = Probation(longest: .milliseconds(500))
        let peer = try address("10.0.0.1")
        var waits: [TimeAmount] = []
        for _ in 0..<40 {
            waits.append(probation.wait(for: peer, at: at(0)))
            probation.offended(peer, at: at(0))
        }
        #expect(waits[..<5] == [.zero, .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(500)])
        #expect(waits.last == .milliseconds(500))
        #expect(try probation.wait(for: address("10.0.0.2"), at: at(0)) == .zero)
    }

    @Test("ten seconds without an offence, and all is forgotten")
    func forgets() throws {
        var probation = Probation(longest: .seconds(60))
        let peer = try address("10.0.0.1")
        probation.offended(peer, at: at(0))
        probation.offended(peer, at: at(9))
        #expect(probation.wait(for: peer, at: at(18)) == .milliseconds(200))
        #expect(probation.wait(for: peer, at: at(19)) == .zero)
        probation.offended(peer, at: at(19))
        #expect(probation.wait(for: peer, at: at(19)) == .milliseconds(100))
    }

    @Test("a thousand addresses are remembered; the one whose offence is longest ago makes room")
    func bounded() throws {
        var probation = Probation(longest: .seconds(60))
        for index in 0..<(Probation.mostAddresses + 5) {
            probation.offended(try address("10.0.\(index / 256).\(index % 256)"), at: at(1) + .microseconds(Int64(index)))
        }
        #expect(probation.count == Probation.mostAddresses)
        #expect(try probation.wait(for: address("10.0.0.4"), at: at(2)) == .zero)
        #expect(try probation.wait(for: address("10.0.0.5"), at: at(2)) == .milliseconds(100))
    }

    @Test("where nobody is to wait nothing is remembered")
    func off() throws {
        var probation = Probation(longest: .zero)
        probation.offended(try address("10.0.0.1"), at: at(0))
        #expect(probation.count == 0)
        #expect(try probation.wait(for: address("10.0.0.1"), at: at(0)) == .zero)
    }

    @Test("an IPv6 address stands for its network of 2^64; one that holds an IPv4 address for that")
    func addresses() throws {
        #expect(try address("2001:db8:1:2:3::4") == address("2001:db8:1:2::9"))
        #expect(try address("2001:db8:1:2::4") != address("2001:db8:1:3::4"))
        #expect(try address("::ffff:10.0.0.1") == address("10.0.0.1"))
        #expect(try address("::ffff:10.0.0.1") != address("::ffff:10.0.0.2"))
        #expect(try PeerAddress(SocketAddress(unixDomainSocketPath: "/tmp/s")) == nil)
    }
}

/// The server's side of it, with peers that come from several of this host's addresses.
struct ProbationServerTests {
    @Test("a peer that was cut off waits before its next handshake", arguments: ["flood", "garbage"])
    func waits(_ offence: String) async throws {
        let mesh = try await TestMesh.start()
        let tls = try await mesh.authority.client()
        let peer = try await RawPeer.connect(port: mesh.port, tls: tls)
        let pings = (0..<40).flatMap { ControlFrame.ping($0).encoded }
        try await peer.send(offence == "flood" ? ControlFrame.settings(.default).encoded + pings : Array("GET / HTTP/1.1".utf8))
        _ = try await peer.untilClosed()
        let clock = ContinuousClock()
        let took = try await clock.measure { try await RawPeer.connect(port: mesh.port, tls: tls).channel.close().get() }
        #expect(took >= .milliseconds(100))
        await mesh.stop()
    }

    /// A server where whoever comes from 127.0.0.1 waits for an hour, and a client that was there before.
    private func withProbation(
        _ limits: ServerLimits = .unguarded, _ body: (TestMesh) async throws -> Void
    ) async throws {
        var limits = limits
        limits.longestProbation = .seconds(3600)
        let mesh = try await TestMesh.start(limits: limits)
        let before = try await mesh.client()
        #expect(try await before.call("Echo", "before") == "before")
        for _ in 0..<20 { mesh.server.offended(try SocketAddress(ipAddress: "127.0.0.1", port: 1)) }
        #expect(try await before.call("Echo", "after") == "after")
        try await body(mesh)
        await mesh.stop()
        #expect(mesh.server.connectionCount == 0)
    }

    @Test("connections that are open, and those from other addresses, do not wait")
    func others() async throws {
        try await withProbation { mesh in
            let tls = try await mesh.authority.client()
            let waiting = Task { try await RawPeer.connect(port: mesh.port, tls: tls) }
            while mesh.server.handshakeCount < 1 { await Task.yield() }
            let other = try await RawPeer.connect(port: mesh.port, tls: tls, from: "127.0.0.2")
            // The client's before, the other one, and the one that waits.
            while mesh.server.handshakeCount > 1 { await Task.yield() }
            #expect(mesh.server.connectionCount == 3)
            try await other.channel.close()
            // The server's stop ends its wait.
            await mesh.server.shutdown(grace: .zero)
            await #expect(throws: (any Error).self) { try await waiting.value }
        }
    }

    @Test("who leaves while it waits is forgotten")
    func leaves() async throws {
        try await withProbation { mesh in
            let waiting = try await RawPeer.connect(port: mesh.port, tls: nil)
            while mesh.server.handshakeCount < 1 { await Task.yield() }
            try await waiting.channel.close()
            while mesh.server.handshakeCount > 0 { await Task.yield() }
            #expect(mesh.server.connectionCount == 1)
        }
    }

    @Test("whoever waits counts as a handshake under way: with one too many the oldest is given up")
    func givenUp() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumHandshakes = 1
        try await withProbation(limits) { mesh in
            let tls = try await mesh.authority.client()
            let first = Task { try await RawPeer.connect(port: mesh.port, tls: tls) }
            while mesh.server.handshakeCount < 1 { await Task.yield() }
            let second = Task { try await RawPeer.connect(port: mesh.port, tls: tls) }
            await #expect(throws: (any Error).self) { try await first.value }
            #expect(mesh.server.handshakeCount == 1)
            await mesh.server.shutdown(grace: .zero)
            await #expect(throws: (any Error).self) { try await second.value }
        }
    }
}
