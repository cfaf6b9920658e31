import MeshCall
import MeshRuntime
import MeshTLS
import MeshWire
import NIOCore
import TestSupport
import Testing

/// What a peer sends that is no mesh traffic closes that peer's connection, with a reason in the log, and no other.
struct HostilePeerTests {
    private static func impatient(settingsTimeout: Duration) -> ServerLimits {
        var limits = ServerLimits.unguarded
        limits.connection.tick = .milliseconds(20)
        limits.connection.partialFrameTimeout = .milliseconds(100)
        limits.connection.settingsTimeout = settingsTimeout
        return limits
    }

    /// Sends `bytes` after SETTINGS and expects the connection to be closed for a reason that contains `reason`.
    private func expectClosed(
        _ bytes: [UInt8], _ reason: String, greets: Bool = true, settingsTimeout: Duration = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let mesh = try await TestMesh.start(limits: Self.impatient(settingsTimeout: settingsTimeout))
        let bystander = try await mesh.client()
        #expect(try await bystander.call("Echo", "before") == "before")
        let peer = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client())
        let sent = (greets ? ControlFrame.settings(.default).encoded : []) + bytes
        if !sent.isEmpty { try await peer.send(sent) }
        let received = try await peer.untilClosed()
        #expect(received.starts(with: ControlFrame.settings(Settings()).encoded), sourceLocation: sourceLocation)
        #expect(
            mesh.log.lines.contains { $0.contains("connection closed") && $0.contains(reason) && $0.contains("peer=gateway") },
            "\(mesh.log.lines)", sourceLocation: sourceLocation)
        #expect(try await bystander.call("Echo", "after") == "after", sourceLocation: sourceLocation)
        await mesh.stop()
    }

    @Test("bytes that are no frames")
    func garbage() async throws {
        try await expectClosed(Array("GET / HTTP/1.1\r\nHost: mesh\r\n\r\n".utf8), "not frames", greets: false)
    }

    @Test("a frame longer than it may be")
    func oversized() async throws {
        try await expectClosed(FrameHeader(length: 70_000, streamID: 1, type: .request).encoded, "70000 bytes")
    }

    @Test("a frame whose rest does not come")
    func truncated() async throws {
        try await expectClosed(FrameHeader(length: 100, streamID: 1, type: .request).encoded + [1, 2, 3], "not complete in")
    }

    @Test("a byte now and then does not keep a connection: neither in a frame, nor in a Request of many", .timeLimit(.minutes(1)), arguments: [false, true])
    func trickle(inFrames: Bool) async throws {
        var limits = Self.impatient(settingsTimeout: .seconds(30))
        limits.connection.partialRequestTimeout = .milliseconds(100)
        let mesh = try await TestMesh.start(limits: limits)
        let bystander = try await mesh.client()
        let peer = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client())
        try await peer.send(ControlFrame.settings(.default).encoded + (inFrames ? [] : FrameHeader(length: 60_000, streamID: 1, type: .request).encoded))
        let byte = (inFrames ? FrameHeader(length: 1, streamID: 1, type: .request, flags: .more).encoded : []) + [7]
        let sending = Task {
            while !Task.isCancelled {
                try await peer.send(byte)
                try await Task.pause(for: .milliseconds(5))
            }
        }
        _ = try await peer.untilClosed()
        sending.cancel()
        _ = await sending.result
        let why = inFrames ? "a request was not complete in" : "a frame was not complete in"
        #expect(mesh.log.lines.contains { $0.contains("connection closed") && $0.contains(why) }, "\(mesh.log.lines)")
        #expect(try await bystander.call("Echo", "after") == "after")
        await bystander.close()
        await mesh.stop()
    }

    @Test("a peer that says nothing")
    func silent() async throws {
        try await expectClosed([], "no SETTINGS", greets: false, settingsTimeout: .milliseconds(50))
    }

    @Test("a request before SETTINGS")
    func noSettings() async throws {
        try await expectClosed(FrameHeader(length: 0, streamID: 1, type: .request).encoded, "not SETTINGS", greets: false)
    }

    @Test("a flood of pings")
    func pings() async throws {
        try await expectClosed((0..<50).flatMap { ControlFrame.ping($0).encoded }, "PING")
    }

    @Test("a peer that leaves inside a frame")
    func halfFrame() async throws {
        let mesh = try await TestMesh.start()
        let peer = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client())
        try await peer.send(ControlFrame.settings(.default).encoded + FrameHeader(length: 100, streamID: 1, type: .request).encoded)
        try await peer.channel.close()
        // Waits until the connection is gone.
        await mesh.server.shutdown(grace: .seconds(10))
        #expect(mesh.log.lines.contains { $0.contains("the connection ended inside a frame") }, "\(mesh.log.lines)")
    }

    @Test("too many connections of one name")
    func connectionsOfOneName() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumConnectionsPerPeer = 1
        let mesh = try await TestMesh.start(limits: limits)
        let first = try await mesh.client()
        #expect(try await first.call("Echo", "first") == "first")
        let second = try await RawPeer.connect(port: mesh.port, tls: mesh.authority.client())
        _ = try await second.untilClosed()
        #expect(mesh.log.lines.contains { $0.contains("too many connections of this peer") && $0.contains("peer=gateway") })
        #expect(await failure { try await mesh.client("agent").call("Echo") }?.code == .permissionDenied)
        #expect(try await first.call("Echo", "still") == "still")
        await mesh.stop()
    }

    @Test("a call that outlives its caller's certificate")
    func certificateEnds() async throws {
        var limits = ServerLimits.unguarded
        limits.expiryGrace = .milliseconds(100)
        let hang = TestMesh.unary("Hang") { message, _ in
            await untilCancelled()
            return message
        }
        let mesh = try await TestMesh.start([hang], limits: limits)
        let client = try await mesh.client(tls: mesh.authority.client(endsIn: 3))
        let error = await failure { try await client.call("Hang", options: CallOptions(timeout: .seconds(15))) }
        #expect(error?.code == .unavailable)
        #expect(mesh.log.lines.contains { $0.contains("the peer's certificate ended") }, "\(mesh.log.lines)")
        await mesh.stop()
    }

    @Test("bytes that are no TLS")
    func noTLS() async throws {
        let mesh = try await TestMesh.start()
        let bystander = try await mesh.client()
        #expect(try await bystander.call("Echo", "before") == "before")
        let peer = try await RawPeer.connect(port: mesh.port, tls: nil)
        try await peer.send((0..<512).map { _ in UInt8.random(in: 0...255) | 0x80 })
        _ = try await peer.untilClosed()
        #expect(mesh.log.lines.contains { $0.contains("connection refused or broken") })
        #expect(try await bystander.call("Echo", "after") == "after")
        await mesh.stop()
    }

    @Test("a handshake that never ends")
    func slowHandshake() async throws {
        let mesh = try await TestMesh.start(tlsLimits: TLSLimits(handshakeTimeout: .milliseconds(200)))
        let peer = try await RawPeer.connect(port: mesh.port, tls: nil)
        // The server may have hung up already.
        try? await peer.send([0x16, 0x03, 0x01])
        _ = try await peer.untilClosed()
        #expect(mesh.log.lines.contains { $0.contains("not complete in time") })
        await mesh.stop()
    }
}
