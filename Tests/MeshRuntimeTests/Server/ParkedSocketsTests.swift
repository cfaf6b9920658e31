import Glibc
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import MeshRuntime

struct DescriptorLimitTests {
    @Test("a process that may open few files serves fewer connections, and most of what it may open is for those that are served")
    func few() {
        let limits = ServerLimits.default.fitting(descriptors: 1024)
        #expect((limits.maximumConnections, limits.maximumHandshakes, limits.maximumParked) == (576, 288, 192))
        let fewest = ServerLimits.default.fitting(descriptors: 4)
        #expect((fewest.maximumConnections, fewest.maximumHandshakes, fewest.maximumParked) == (3, 1, 1))
    }

    @Test("a process that may open many has the bounds it was given", arguments: [40_000, 1 << 20, Int.max])
    func many(_ descriptors: Int) {
        let limits = ServerLimits.default.fitting(descriptors: descriptors)
        #expect((limits.maximumConnections, limits.maximumHandshakes, limits.maximumParked) == (10_000, 1024, 16_384))
    }

    @Test("the limit of this process is as high as it may be")
    func raised() {
        var limit = rlimit()
        let raised = DescriptorLimit.raised
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(limit.rlim_cur == limit.rlim_max)
        #expect(raised == Int(clamping: limit.rlim_cur))
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ParkedSocketsTests {
    private struct Pair {
        let own: CInt
        let peer: CInt

        init() throws {
            var ends: [CInt] = [0, 0]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw IOError(errnoCode: errno, reason: "socketpair") }
            (own, peer) = (ends[0], ends[1])
        }

        /// Nothing has come, and the other end is open.
        var isOpen: Bool {
            var byte: UInt8 = 0
            return recv(peer, &byte, 1, CInt(MSG_DONTWAIT)) < 0 && errno == EAGAIN
        }

        /// Waits for the end of what the other side sends, and says whether it was that.
        func waitForEnd() -> Bool {
            var byte: UInt8 = 0
            return recv(peer, &byte, 1, 0) == 0
        }
    }

    private static func onLoop<Output: Sendable>(_ loop: any EventLoop, _ body: @escaping @Sendable () throws -> Output) async throws -> Output {
        try await loop.submit(body).get()
    }

    @Test("a parked connection stays open when its channel closes it, and is closed after a while, before those that came later")
    func order() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next(), parked = ParkedSockets(on: loop, most: 100)
        let pairs = try (0..<100).map { _ in try Pair() }
        let open = try await Self.onLoop(loop) {
            for pair in pairs {
                #expect(parked.park(pair.own))
                close(pair.own)
            }
            #expect(parked.count == 100)
            return pairs.allSatisfy(\.isOpen)
        }
        #expect(open)
        #expect(pairs[0].waitForEnd())
        // Ten are closed at a time: the last of them cannot have been among them.
        #expect(try await Self.onLoop(loop) { pairs[99].isOpen || parked.count == 0 })
        #expect(pairs[99].waitForEnd())
        #expect(try await Self.onLoop(loop) { parked.count } == 0)
        for pair in pairs { close(pair.peer) }
    }

    @Test("a connection is not parked beyond the bound, nor when its client has said something, nor when all is over")
    func refused() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next(), parked = ParkedSockets(on: loop, most: 1)
        let spoken = try Pair(), first = try Pair(), second = try Pair()
        #expect(send(spoken.peer, "x", 1, 0) == 1)
        try await Self.onLoop(loop) {
            #expect(!parked.park(spoken.own))
            #expect(parked.park(first.own))
            #expect(!parked.park(second.own))
            close(first.own)
            parked.closeAll()
            #expect(!first.isOpen)
            #expect(!parked.park(second.own))
        }
        for descriptor in [spoken.own, spoken.peer, first.peer, second.own, second.peer] { close(descriptor) }
    }

    @Test("strangers who say nothing are closed no faster than the server wants them back")
    func pace() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumHandshakes = 1
        let mesh = try await TestMesh.start(limits: limits), given = 800
        let began = ContinuousClock.now
        var strangers: [RawPeer] = []
        for _ in 0...given { strangers.append(try await RawPeer.connect(port: mesh.port, tls: nil)) }
        for stranger in strangers.dropLast() { _ = try await stranger.untilClosed() }
        #expect(.now - began >= .milliseconds(900) * given / ParkedSockets.closedPerSecond)
        await mesh.stop()
    }

    @Test("a server that stops closes those that it has parked")
    func stop() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumHandshakes = 1
        let mesh = try await TestMesh.start(limits: limits)
        var strangers: [RawPeer] = []
        for _ in 0..<200 { strangers.append(try await RawPeer.connect(port: mesh.port, tls: nil)) }
        await mesh.stop()
        #expect(mesh.server.parkedCount == 0)
        for stranger in strangers { _ = try await stranger.untilClosed() }
    }
}
