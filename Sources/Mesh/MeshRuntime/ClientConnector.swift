internal import Logging
internal import MeshCall
internal import MeshTLS
internal import MeshWire
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The one connection of a client: made when needed, shared by all calls, replaced when lost.
final class ClientConnector: Sendable {
    fileprivate typealias Waiter = CheckedContinuation<ClientConnection, any Error>

    fileprivate enum Phase {
        case idle
        /// The last attempt failed: until then calls fail at once, with what it failed with.
        case backingOff(until: ContinuousClock.Instant, RPCError)
        case connecting([UInt64: Waiter])
        case ready(ClientConnection)
        case closed
    }

    fileprivate struct State {
        var phase = Phase.idle
        var backoff: Backoff
        var nextWaiter: UInt64 = 0
    }

    private let host: String
    private let port: Int
    private let tls: MeshTLSContext
    private let group: any EventLoopGroup
    private let logger: Logger
    private let limits: ClientLimits
    private let refresh: CertificateRefresh
    private let state: Mutex<State>

    init(host: String, port: Int, tls: MeshTLSContext, group: any EventLoopGroup, logger: Logger, limits: ClientLimits) {
        self.host = host
        self.port = port
        self.tls = tls
        self.group = group
        self.logger = logger
        self.limits = limits
        refresh = CertificateRefresh(tls, every: limits.certificateRefresh, logger: logger)
        state = Mutex(State(backoff: Backoff(limits)))
    }

    // MARK: Getting a connection

    fileprivate enum Next {
        case use(ClientConnection)
        case fail(RPCError)
        case wait(connects: Bool)
    }

    /// - Throws: `RPCError` UNAVAILABLE when the peer cannot be reached, DEADLINE_EXCEEDED, CANCELLED.
    func connection(by deadline: ContinuousClock.Instant) async throws -> ClientConnection {
        if let ready = state.withLock({ if case .ready(let connection) = $0.phase { connection } else { nil } }) { return ready }
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = WaitTimer()
        defer { timer.stop() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in self.enter(waiter, id, by: deadline, timer) }
        } onCancel: {
            resume(id, throwing: RPCError(.cancelled, "The call was cancelled."))
        }
    }

    private func enter(_ waiter: Waiter, _ id: UInt64, by deadline: ContinuousClock.Instant, _ timer: WaitTimer) {
        switch state.withLock({ $0.enter(waiter, id, limits) }) {
        case .use(let connection): waiter.resume(returning: connection)
        case .fail(let error): waiter.resume(throwing: error)
        case .wait(let connects):
            if connects { connect() }
            // A cancellation before the waiter could be found has to be looked for; the timer is set only now for the same reason.
            if Task.isCancelled { return resume(id, throwing: RPCError(.cancelled, "The call was cancelled.")) }
            timer.start(on: group.any(), at: deadline) { [weak self] in
                self?.resume(id, throwing: RPCError(.deadlineExceeded, "The call's time is over; no connection was made."))
            }
        }
    }

    private func resume(_ id: UInt64, throwing error: RPCError) {
        let waiter = state.withLock { state -> Waiter? in
            guard case .connecting(var waiters) = state.phase else { return nil }
            let waiter = waiters.removeValue(forKey: id)
            state.phase = .connecting(waiters)
            return waiter
        }
        waiter?.resume(throwing: error)
    }

    // MARK: Connecting

    private func connect() {
        let report: @Sendable (ClientChannelHandler.Outcome) -> Void = { [weak self] outcome in self?.settle(outcome) }
        let tls = tls, limits = limits
        refresh.connectionBegins()
        ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(limits.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        MeshTLSHandler(tls), ClientChannelHandler(limits: limits.connection, report: report),
                    ])
                }
            }
            .connect(host: host, port: port)
            .whenFailure { error in report(.failed(error)) }
    }

    private func settle(_ outcome: ClientChannelHandler.Outcome) {
        switch outcome {
        case .established(let connection): established(connection)
        case .failed(let error): failed(error)
        case .retired(let connection): retired(connection)
        case .broken(let failure):
            logger.warning("connection closed", metadata: ["host": "\(host)", "port": "\(port)", "why": "\(failure.reason)"])
        }
    }

    private func established(_ connection: ClientConnection) {
        let waiters = state.withLock { state -> [Waiter]? in
            guard case .connecting(let waiters) = state.phase else { return nil }
            state.phase = .ready(connection)
            state.backoff.succeeded()
            return Array(waiters.values)
        }
        guard let waiters else { return connection.loop.execute { connection.closeNow() } }
        for waiter in waiters { waiter.resume(returning: connection) }
    }

    private func failed(_ cause: any Error) {
        let error = Self.unavailable(cause)
        let waiters = state.withLock { state -> [Waiter] in
            guard case .connecting(let waiters) = state.phase else { return [] }
            state.phase = .backingOff(until: .now + state.backoff.failed(), error)
            return Array(waiters.values)
        }
        logger.warning("cannot connect", metadata: ["host": "\(host)", "port": "\(port)", "why": "\(cause)"])
        for waiter in waiters { waiter.resume(throwing: error) }
    }

    /// A peer that is not who it should be is UNAVAILABLE too: UNAUTHENTICATED would speak of the caller's own token.
    private static func unavailable(_ cause: any Error) -> RPCError {
        let refused = (cause as? MeshTLSError)?.isAuthenticationFailure == true
        return RPCError(
            .unavailable, refused ? "The peer was refused or refused us." : "The peer cannot be reached.",
            reason: refused ? "PEER_REFUSED" : "UNREACHABLE", cause: cause)
    }

    private func retired(_ connection: ClientConnection) {
        state.withLock { state in
            if case .ready(let current) = state.phase, current === connection { state.phase = .idle }
        }
    }

    // MARK: Closing

    /// Closes without waiting.
    func abandon() {
        guard let connection = end() else { return }
        connection.loop.execute { connection.shutDown() }
    }

    func close() async {
        guard let connection = end() else { return }
        let timer = connection.loop.scheduleTask(in: TimeAmount(limits.closeTimeout)) { connection.closeNow() }
        await withCheckedContinuation { done in
            connection.loop.execute {
                connection.whenEnded { done.resume() }
                connection.shutDown()
            }
        }
        timer.cancel()
    }

    private func end() -> ClientConnection? {
        let (connection, waiters) = state.withLock { state -> (ClientConnection?, [Waiter]) in
            defer { state.phase = .closed }
            switch state.phase {
            case .ready(let connection): return (connection, [])
            case .connecting(let waiters): return (nil, Array(waiters.values))
            case .idle, .backingOff, .closed: return (nil, [])
            }
        }
        for waiter in waiters { waiter.resume(throwing: Self.closedError) }
        return connection
    }

    fileprivate static let closedError = RPCError(.unavailable, "This client is closed.", reason: "CLIENT_CLOSED")
}

extension ClientConnector.State {
    fileprivate mutating func enter(
        _ waiter: ClientConnector.Waiter, _ id: UInt64, _ limits: ClientLimits
    ) -> ClientConnector.Next {
        switch phase {
        case .ready(let connection): return .use(connection)
        case .closed: return .fail(ClientConnector.closedError)
        case .backingOff(let until, let error) where until > .now: return .fail(error)
        case .idle, .backingOff:
            phase = .connecting([id: waiter])
            return .wait(connects: true)
        case .connecting(var waiters):
            guard waiters.count < limits.maximumWaitingCalls else {
                return .fail(RPCError(.resourceExhausted, "Too many calls wait for a connection.", reason: "TOO_MANY_CALLS"))
            }
            waiters[id] = waiter
            phase = .connecting(waiters)
            return .wait(connects: false)
        }
    }
}
