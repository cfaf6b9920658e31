internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// A server's listening socket, watched by both of `HandshakeLoop`'s threads: the ordinary one accepts, or while there is a crowd the one for crowds.
/// Beside that one the ordinary one lets in a few, so that somebody gets in also where others want every core.
final class ListeningSocket: Sendable {
    /// One in so much time: somewhat more than the ordinary thread could make handshakes with on a core that has no time left.
    private static let pace: TimeAmount = .milliseconds(10)
    /// Without a crowd: what NIO does by itself.
    private static let connectionsPerTurn: UInt = 4

    private let state: Mutex<State>
    private let timers: any EventLoop

    private struct State {
        var ordinary: (any Channel)?
        var ofCrowds: (any Channel)?
        var watch: CrowdWatch
    }

    /// - Parameter timers: where it is looked whether a crowd has gone.
    init(timers: any EventLoop, watch: CrowdWatch = CrowdWatch()) {
        self.timers = timers
        state = Mutex(State(watch: watch))
    }

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - accept: told of each connection, on the event loop that accepted it.
    /// - Returns: the port.
    /// - Throws: an I/O error when the address cannot be had.
    func open(host: String, port: Int, backlog: Int32, _ accept: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) async throws -> Int {
        let ordinary = try await bootstrap(HandshakeLoop.group, backlog, accept).bind(host: host, port: port).get()
        do {
            let socket = try await duplicate(of: ordinary).get()
            let idle = bootstrap(HandshakeLoop.ofCrowds, backlog, accept).serverChannelOption(.autoRead, value: false)
            let ofCrowds = try await idle.withBoundSocket(socket).get()
            state.withLock { ($0.ordinary, $0.ofCrowds) = (ordinary, ofCrowds) }
            timers.execute(switchOver)
            return ordinary.localAddress?.port ?? port
        } catch {
            try? await ordinary.close().get()
            throw error
        }
    }

    private func bootstrap(
        _ group: any EventLoopGroup, _ backlog: Int32, _ accept: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                self.arrived()
                return accept(channel)
            }
    }

    /// A descriptor of its own for the same socket: what waits to be accepted, waits there for either.
    private func duplicate(of listener: any Channel) -> EventLoopFuture<NIOBSDSocket.Handle> {
        listener.eventLoop.submit {
            try listener.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
                let duplicate = fcntl(socket, F_DUPFD_CLOEXEC, 0)
                guard duplicate >= 0 else { throw IOError(errnoCode: errno, reason: "fcntl") }
                return duplicate
            }
        }.flatMapThrowing { duplicate in
            guard let duplicate else { throw ChannelError.operationUnsupported }
            return duplicate
        }
    }

    private func arrived() {
        guard let look = state.withLock({ $0.watch.arrived(at: .now()) }) else { return }
        timers.execute {
            self.switchOver()
            self.letIn()
            self.timers.scheduleTask(deadline: look, self.look)
        }
    }

    @Sendable private func look() {
        guard let again = state.withLock({ $0.watch.look(at: .now()) }) else { return switchOver() }
        timers.scheduleTask(deadline: again, look)
    }

    /// On the timers' loop only, so that each of the two hears last what holds last.
    @Sendable private func switchOver() {
        let (ordinary, ofCrowds, isCrowded) = state.withLock { ($0.ordinary, $0.ofCrowds, $0.watch.until != nil) }
        // They fail when the server has stopped.
        ofCrowds?.setOption(.autoRead, value: isCrowded).whenComplete { _ in }
        ordinary?.setOption(.maxMessagesPerRead, value: isCrowded ? UInt(1) : Self.connectionsPerTurn).whenComplete { _ in }
        ordinary?.setOption(.autoRead, value: !isCrowded).whenComplete { _ in }
    }

    @Sendable private func letIn() {
        guard let ordinary = state.withLock({ $0.watch.until == nil ? nil : $0.ordinary }) else { return }
        ordinary.read()
        timers.scheduleTask(in: Self.pace, letIn)
    }

    /// Accepts no more. Connections that wait to be accepted are reset.
    func close() async {
        let both = state.withLock { state in
            defer { (state.ordinary, state.ofCrowds) = (nil, nil) }
            return [state.ordinary, state.ofCrowds]
        }
        for channel in both { try? await channel?.close().get() }
    }
}
