import MeshCall
import MeshRuntime
import MeshWire
import NIOCore
import TestSupport
import Testing

/// Peers with good certificates that do what the protocol allows for as long as it allows it.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FloodTests {
    @Test("a flood of cancels is cut off; a cancelled call keeps its slot until its handler has returned")
    func cancels() async throws {
        let work = Work()
        let slow = TestMesh.unary("Slow") { message, _ in
            work.begin()
            await untilCancelled()
            work.end()
            return message
        }
        try await Attack.run("flood of cancels", [slow], memory: 48 * Attack.megabyte, logged: "CANCEL") { peer in
            try await peer.send(ControlFrame.settings(.default).encoded)
            for id in stride(from: UInt32(1), to: 4000, by: 2) {
                try await peer.send(RawFrames.request("Slow", on: id) + RawFrames.cancel(id))
            }
            _ = try await peer.untilClosed()
        }
        #expect(work.most <= Int(Settings().maximumConcurrentStreams) * 2)
        #expect(work.now == 0)
    }

    @Test("a flood of pings is cut off")
    func pings() async throws {
        try await Attack.run("flood of pings", [], memory: 48 * Attack.megabyte, logged: "PING") { peer in
            try await peer.send(ControlFrame.settings(.default).encoded)
            while peer.channel.isActive { try await peer.send((0..<5).flatMap { ControlFrame.ping($0).encoded }) }
        }
    }

    @Test("long requests to handlers that never return are held up to a bound, however often their callers come back")
    func stuckLongRequests() async throws {
        var limits = ServerLimits()
        limits.connection.maximumRequestBytes = 16 * Attack.megabyte
        limits.maximumRequestBytes = 48 * Attack.megabyte
        let stop = Signal(), work = Work()
        let stuck = TestMesh.unary("Stuck") { message, _ in
            work.begin()
            await stop.wait()
            work.end()
            return message
        }
        let settings = ControlFrame.settings(.default).encoded
        let parts = try (0..<60).map { try RawFrames.longRequest("Stuck", on: UInt32($0 * 2 + 1), payload: Attack.megabyte) }
        // What stands around the requests: what the socket, libssl and the frames under way hold for each of the attackers.
        try await Attack.run(
            "stuck handlers with long requests", [stuck], limits: limits, memory: 128 * Attack.megabyte, round: .seconds(1), bystander: Attack.stranger,
            payload: 32 << 10
        ) { peer in
            try await peer.send(settings)
            for part in parts { try await peer.send(part) }
            await pause(until: .now + .milliseconds(100), on: peer.channel.eventLoop)
        } finally: {
            #expect(work.now > 16)
            // All attackers have one name: half of what the server holds.
            #expect(work.most <= 24)
            stop.raise()
            while work.now > 0 { await Task.yield() }
        }
    }

    @Test("handlers that never return keep their slots, and all of a method's are bounded however often their callers come back")
    func stuckHandlers() async throws {
        var limits = ServerLimits()
        limits.admission?.maximumConcurrency = 600
        let work = Work(), stop = Signal()
        let stuck = TestMesh.unary("Stuck") { message, _ in
            work.begin()
            await stop.wait()
            work.end()
            return message
        }
        try await Attack.run(
            "stuck handlers", [stuck], limits: limits, memory: 64 * Attack.megabyte, round: .milliseconds(500)
        ) { peer in
            var frames = ControlFrame.settings(.default).encoded
            for id in stride(from: UInt32(1), to: 3000, by: 2) {
                frames += try RawFrames.request("Stuck", on: id) + (id < 400 ? RawFrames.cancel(id) : [])
            }
            try await peer.send(frames)
            await pause(until: .now + .milliseconds(100), on: peer.channel.eventLoop)
        } finally: {
            #expect(work.most == 600)
            #expect(work.now == 600)
            stop.raise()
            while work.now > 0 { await Task.yield() }
        }
    }
}
