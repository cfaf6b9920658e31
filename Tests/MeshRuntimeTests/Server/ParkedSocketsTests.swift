import Glibc
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import MeshRuntime

struct DescriptorLimitTests {
    @Test("a process that may open few files serves fewer connections", arguments: [(1024, 576, 288), (4, 2, 1), (0, 2, 1), (10_000, 7308, 1024)])
    func few(descriptors: Int, connections: Int, handshakes: Int) {
        let limits = ServerLimits.default.fitting(descriptors: descriptors)
        #expect((limits.maximumConnections, limits.maximumHandshakes) == (connections, handshakes))
    }

    @Test("where there are enough the bounds are those that were given", arguments: [20_000, 1 << 20, Int.max])
    func many(descriptors: Int) {
        var given = ServerLimits.default
        given.maximumHandshakes = given.maximumConnections
        let limits = given.fitting(descriptors: descriptors)
        #expect((limits.maximumConnections, limits.maximumHandshakes) == (10_000, 10_000))
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
    /// Both ends of a connection, of which the server's is given to be parked.
    private struct Pair {
        let own: CInt
        let peer: CInt

        init() throws {
            var ends: [CInt] = [0, 0]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw IOError(errnoCode: errno, reason: "socketpair") }
            (own, peer) = (ends[0], ends[1])
        }

        /// As when its channel is closed.
        func park(in parked: ParkedSockets) -> Bool {
            defer { close(own) }
            return parked.park(own)
        }

        var isOpen: Bool {
            var byte: UInt8 = 0
            return recv(peer, &byte, 1, CInt(MSG_DONTWAIT)) < 0 && errno == EAGAIN
        }

        func say(_ text: String) {
            #expect(send(peer, text, text.utf8.count, CInt(MSG_NOSIGNAL)) == text.utf8.count)
        }
    }

    /// On a loop that does nothing else meanwhile: no interval passes but those that the test lets pass.
    private static func parking(
        _ count: Int, most: Int = 10_000, descriptors: Int = .max, _ body: @escaping @Sendable (ParkedSockets, [Pair]) throws -> Void
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next(), pairs = try (0..<count).map { _ in try Pair() }
        let parked = ParkedSockets(on: loop, most: most, descriptors: descriptors)
        try await loop.submit { try body(parked, pairs) }.get()
        for pair in pairs { close(pair.peer) }
        while parked.count > 0 { await Task.yield() }
    }

    @Test("a parked connection stays open when its channel closes it; ten are closed in an interval, the oldest first")
    func order() async throws {
        try await Self.parking(25) { parked, pairs in
            for pair in pairs { #expect(pair.park(in: parked)) }
            #expect(!pairs.contains { !$0.isOpen })
            for closed in [10, 20, 25] {
                parked.intervalPassed()
                #expect(pairs.map(\.isOpen) == (0..<25).map { $0 >= closed })
                #expect(parked.count == 25 - closed)
            }
        }
    }

    @Test("whoever says something, or goes, is closed before those that came earlier")
    func heard() async throws {
        try await Self.parking(40) { parked, pairs in
            for pair in pairs { #expect(pair.park(in: parked)) }
            pairs[30].say("hello")
            #expect(shutdown(pairs[31].peer, CInt(SHUT_WR)) == 0)
            parked.intervalPassed()
            #expect(pairs.map(\.isOpen) == (0..<40).map { $0 >= 10 && $0 != 30 && $0 != 31 })
            #expect(parked.count == 28)
            parked.intervalPassed()
            parked.intervalPassed()
            #expect(parked.count == 8)
            parked.intervalPassed()
            #expect(parked.count == 0 && !pairs.contains { $0.isOpen })
        }
    }

    @Test("all are looked at in turn where there are more than are looked at in an interval")
    func turns() async throws {
        try await Self.parking(2100) { parked, pairs in
            for pair in pairs { #expect(pair.park(in: parked)) }
            pairs[2099].say("hello")
            parked.intervalPassed()
            #expect(pairs[2099].isOpen)
            parked.intervalPassed()
            #expect(!pairs[2099].isOpen)
            for _ in 0..<210 { parked.intervalPassed() }
            #expect(parked.count == 0)
        }
    }

    @Test("a connection is not parked whose client has said something, or is gone")
    func notSilent() async throws {
        try await Self.parking(2) { parked, pairs in
            pairs[0].say("hello")
            #expect(shutdown(pairs[1].peer, CInt(SHUT_WR)) == 0)
            #expect(!pairs[0].park(in: parked))
            #expect(!pairs[1].park(in: parked))
        }
    }

    @Test("no more are parked than are wanted, nor the last quarter of the descriptors taken")
    func bounds() async throws {
        try await Self.parking(3, most: 2) { parked, pairs in #expect(pairs.map { $0.park(in: parked) } == [true, true, false]) }
        try await Self.parking(1, descriptors: 0) { parked, pairs in #expect(!pairs[0].park(in: parked)) }
    }

    @Test("where descriptors become few those that are parked make room")
    func room() async throws {
        try await Self.parking(4, descriptors: 8000) { parked, pairs in
            for pair in pairs { #expect(pair.park(in: parked)) }
            parked.makeRoom(for: 6999)
            #expect(parked.count == 4)
            parked.makeRoom(for: 7000)
            #expect(pairs.map(\.isOpen) == [false, false, true, true])
        }
    }

    @Test("a server parks the strangers whom it gives up")
    func server() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumHandshakes = 1
        let mesh = try await TestMesh.start(limits: limits), most = 1000
        var strangers: [RawPeer] = []
        while MeshServer.parkedCount == 0, strangers.count < most { strangers.append(try await RawPeer.connect(port: mesh.port, tls: nil)) }
        #expect(strangers.count < most)
        for stranger in strangers.dropLast() { _ = try await stranger.untilClosed() }
        try await strangers.last?.channel.close()
        await mesh.stop()
    }
}
