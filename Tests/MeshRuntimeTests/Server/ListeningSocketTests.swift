import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MeshRuntime

@Suite(.timeLimit(.minutes(1)))
struct ListeningSocketTests {
    /// Which threads accepted connections, in their order.
    private final class Acceptances: Sendable {
        let byCrowds = Mutex<[Bool]>([])

        func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
            let byCrowds = channel.eventLoop === HandshakeLoop.ofCrowds.next()
            self.byCrowds.withLock { $0.append(byCrowds) }
            return channel.eventLoop.makeSucceededVoidFuture()
        }

        var last: Bool? { byCrowds.withLock(\.last) }
        var count: Int { byCrowds.withLock(\.count) }
    }

    private func visit(_ port: Int, _ acceptances: Acceptances) async throws {
        let before = acceptances.count
        let visitor = try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup).connect(host: "127.0.0.1", port: port).get()
        while acceptances.count == before { await Task.yield() }
        try await visitor.close().get()
    }

    @Test("a crowd is accepted by the thread that gives way at once, and whoever comes when it has gone by the other")
    func crowd() async throws {
        let acceptances = Acceptances()
        let listener = ListeningSocket(timers: NIOSingletons.posixEventLoopGroup.any(), watch: CrowdWatch(mostArrivals: 10))
        let port = try await listener.open(host: "127.0.0.1", port: 0, backlog: 16) { acceptances.accept($0) }
        try await visit(port, acceptances)
        #expect(acceptances.last == false)
        // More than ten in one of the seconds, however slow.
        while acceptances.last == false { try await visit(port, acceptances) }
        while acceptances.last == true {
            try await visit(port, acceptances)
            try await NIOSingletons.posixEventLoopGroup.any().scheduleTask(in: .milliseconds(200)) {}.futureResult.get()
        }
        await listener.close()
        await #expect(throws: (any Error).self) { try await visit(port, acceptances) }
    }
}
