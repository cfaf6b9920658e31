import MeshCall
import MeshRuntime
import MeshWire
import NIOCore
import TestSupport
import Testing

/// Peers with good certificates that send most of a long frame, over TLS.
@Suite(.timeLimit(.minutes(1)))
struct PartialFrameTests {
    private static let length = 4 << 20
    private static let sent = length - (512 << 10)

    private static var limits: ServerLimits {
        var limits = ServerLimits.unguarded
        limits.connection.settings.maximumDataFrame = UInt32(length)
        limits.maximumRequestBytes = 24 << 20
        return limits
    }

    private static func start(_ limits: ServerLimits) async throws -> TestMesh {
        let policy = MethodPolicy(callers: ["gateway", "agent"], callersWithoutUser: ["gateway", "agent"], defaultDeadline: .seconds(20))
        return try await TestMesh.start(
            [MethodImplementation(TestMesh.descriptor("Echo", .unary, policy), .unary { message, _ in message })], limits: limits)
    }

    private static func sendMost(_ peer: RawPeer) async throws {
        try await peer.send(ControlFrame.settings(.default).encoded + FrameHeader(length: UInt32(length), streamID: 1, type: .request).encoded)
        let piece = [UInt8](repeating: 7, count: 128 << 10)
        for _ in 0..<(sent / piece.count) { try await peer.send(piece) }
    }

    @Test("many connections with most of a long frame each hold no more than their peer's part, and others' calls are served, long ones too")
    func manyConnections() async throws {
        var limits = Self.limits
        limits.connection.partialFrameTimeout = .seconds(60)
        let mesh = try await Self.start(limits)
        let same = try await mesh.client(), other = try await mesh.client("agent")
        let long = String(repeating: "x", count: 1 << 20)
        #expect(try await same.call("Echo", "before") == "before")
        #expect(try await other.call("Echo", long) == long)
        let context = try await mesh.authority.client()
        var peers: [RawPeer] = []
        for _ in 0..<32 {
            let peer = try await RawPeer.connect(port: mesh.port, tls: context)
            // Whoever is cut off cannot send the rest.
            try? await Self.sendMost(peer)
            peers.append(peer)
            #expect(mesh.server.heldRequestBytes <= limits.maximumRequestBytes / 2)
        }
        let refused = { mesh.log.lines.count { $0.contains("no room for an unfinished frame") && $0.contains("code=2") && $0.contains("peer=gateway") } }
        #expect(try await eventually { refused() + 3 >= peers.count && mesh.server.heldRequestBytes >= 2 * Self.sent })
        #expect(try await other.call("Echo", long) == long)
        #expect(try await same.call("Echo", "after") == "after")
        for peer in peers { try? await peer.channel.close() }
        #expect(try await eventually { mesh.server.heldRequestBytes == 0 })
        #expect(try await same.call("Echo", long) == long)
        await same.close()
        await other.close()
        await mesh.stop()
    }

    @Test("a long frame whose rest does not come goes with its connection in time, and what it held is there again")
    func neverComplete() async throws {
        var limits = Self.limits
        limits.connection.tick = .milliseconds(20)
        limits.connection.partialFrameTimeout = .milliseconds(200)
        let mesh = try await Self.start(limits)
        let peer = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client())
        try? await Self.sendMost(peer)
        _ = try await peer.untilClosed()
        #expect(mesh.log.lines.contains { $0.contains("connection closed") && $0.contains("a frame was not complete in") }, "\(mesh.log.lines)")
        #expect(mesh.server.heldRequestBytes == 0)
        await mesh.stop()
    }
}
