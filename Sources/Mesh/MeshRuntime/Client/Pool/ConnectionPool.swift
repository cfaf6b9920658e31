internal import Logging
internal import MeshCall
internal import MeshWire
internal import NIOCore
internal import Synchronization

/// The connections of one client: carries out what the `PoolMachine` decides, and hands connections to calls.
final class ConnectionPool: Sendable {
    typealias Machine = PoolMachine<PooledConnection>

    private struct State {
        var machine: Machine
        var waiters = Waiters()
        var alarm: (task: Scheduled<Void>, at: ContinuousClock.Instant)?
    }

    /// What is to be done outside the lock.
    private struct Consequences {
        var actions: [Machine.Action] = []
        var ready: [Waiters.Continuation] = []
        var failed: (waiters: [Waiters.Continuation], error: RPCError)?
    }

    private let connector: ClientConnector
    private let resolver: any MeshResolver
    private let limits: ClientLimits
    private let logger: Logger
    private let state: Mutex<State>
    /// By their numbers, until they return.
    private let lookups = Mutex<[UInt64: Task<Void, Never>]>([:])
    /// Taken alone by calls, and inside `state` when it changes.
    private let ready: Mutex<ReadySet>

    init(_ resolver: any MeshResolver, connector: ClientConnector, limits: ClientLimits, logger: Logger) {
        self.connector = connector
        self.resolver = resolver
        self.limits = limits
        self.logger = logger
        let seed = UInt64.random(in: .min ... .max)
        state = Mutex(State(machine: Machine(isFixed: resolver.isFixed, limits: limits, seed: seed)))
        let growAt = limits.pool.connectionsPerAddress > 1 ? limits.pool.callsPerConnection : nil
        ready = Mutex(ReadySet(growAt: growAt, seed: seed))
        if limits.pool.isWarm { update { $0.woken(at: $1) } }
    }

    // MARK: Getting a connection

    /// A connection that is ready, at once; nil when there is none.
    @inline(__always)
    func pick() -> Lease? {
        switch ready.withLock({ $0.choose() }) {
        case .take(let lease): lease
        case .takeAndGrow(let lease): grown(lease)
        case .none: nil
        case .probe: probe()
        }
    }

    /// As `pick`; nil also where an address wants to be tried.
    @inline(__always)
    func pickUnlessProbing() -> PooledConnection? {
        switch ready.withLock({ $0.choose() }) {
        case .take(let lease): lease.connection
        case .takeAndGrow(let lease): grown(lease).connection
        case .none, .probe: nil
        }
    }

    private func grown(_ lease: Lease) -> Lease {
        update { $0.grow(lease.connection.answers, at: $1) }
        return lease
    }

    private func probe() -> Lease? {
        if let (connection, probe) = update({ $0.takeProbe(at: $1) }) {
            connection.begin()
            return Lease(connection: connection, probe: probe)
        }
        // Somebody else was quicker.
        switch ready.withLock({ $0.chooseUsed() }) {
        case .take(let lease), .takeAndGrow(let lease): return lease
        case .none, .probe: return nil
        }
    }

    /// A connection to another address if there is one, or else another connection; nil when that is the only one.
    func pick(otherThan avoided: PooledConnection) -> Lease? {
        ready.withLock { $0.chooseOther(than: avoided) }
    }

    /// A connection, as soon as there is one.
    ///
    /// - Parameters:
    ///   - avoided: taken only if there is no other.
    ///   - isPatient: goes on waiting while the peer cannot be reached.
    /// - Throws: `RPCError` UNAVAILABLE when the peer cannot be reached, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, CANCELLED.
    func connection(
        by deadline: ContinuousClock.Instant, isPatient: Bool, otherThan avoided: PooledConnection? = nil
    ) async throws -> Lease {
        while true {
            if let avoided, let lease = pick(otherThan: avoided) { return lease }
            if let lease = pick() { return lease }
            try await wait(until: deadline, isPatient: isPatient)
        }
    }

    private func wait(until deadline: ContinuousClock.Instant, isPatient: Bool) async throws {
        let id = state.withLock { $0.waiters.makeID() }
        let timer = WaitTimer()
        defer { timer.stop() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.enter(continuation, id, deadline, isPatient, timer)
            }
        } onCancel: {
            resume(id, throwing: .callCancelled)
        }
    }

    private func enter(
        _ continuation: Waiters.Continuation, _ id: UInt64, _ deadline: ContinuousClock.Instant, _ isPatient: Bool, _ timer: WaitTimer
    ) {
        let isFull = state.withLock { state in
            guard state.waiters.count < limits.maximumWaitingCalls else { return true }
            state.waiters.add(id, continuation, isPatient: isPatient)
            return false
        }
        guard !isFull else { return continuation.resume(throwing: RPCError.tooManyWait) }
        update { $0.called(at: $1) }
        // A cancellation before the waiter could be found has to be looked for; the timer is set only now for the same reason.
        if Task.isCancelled { return resume(id, throwing: .callCancelled) }
        timer.start(on: connector.anyLoop(), at: deadline) { [weak self] in
            guard let self else { return }
            let why = state.withLock { $0.machine.failure }
            resume(id, throwing: RPCError(.deadlineExceeded, "The call's time is over; no connection was made.", cause: why))
        }
    }

    private func resume(_ id: UInt64, throwing error: RPCError) {
        let continuation = state.withLock { state in
            defer { state.machine.waiting = state.waiters.count }
            return state.waiters.remove(id)
        }
        continuation?.resume(throwing: error)
    }

    /// On connections that are ready.
    var callsInFlight: Int { ready.withLock { $0.connections.reduce(0) { $0 + $1.inFlight } } }

    // MARK: Giving it back

    @inline(__always)
    func answered(_ lease: Lease) {
        lease.connection.answered()
        probeEnded(lease, .answered)
    }

    /// A stream has begun to answer: its probe has said what it can.
    ///
    /// - Returns: what is to be ended when the stream is over.
    func began(_ lease: Lease) -> Lease {
        guard lease.probe != nil else { return lease }
        probeEnded(lease, .answered)
        return Lease(connection: lease.connection)
    }

    /// The call failed, or was given up.
    func ended(_ lease: Lease, with error: any Error) {
        lease.connection.end()
        // A connection that sends calls away is of no more use, whatever it says itself.
        if error is CallNotRun { update { $0.retired(lease.connection.id, at: $1) } }
        let outcome = CallOutcome(error, failures: limits.breaker.failures, isProbe: lease.probe != nil)
        guard lease.probe == nil else { return probeEnded(lease, outcome) }
        switch outcome {
        case .answered: lease.connection.answers.add()
        case .failed: update { $0.callFailed(on: lease.connection.answers, at: $1) }
        case .neutral: break
        }
    }

    /// The call was not made after all.
    func unused(_ lease: Lease) {
        lease.connection.end()
        probeEnded(lease, .neutral)
    }

    @inline(__always)
    private func probeEnded(_ lease: Lease, _ outcome: CallOutcome) {
        guard let probe = lease.probe else { return }
        update { $0.probeEnded(probe, on: lease.connection.answers, outcome, at: $1) }
    }

    // MARK: Changes

    /// Tells the machine something and does what follows from it.
    @discardableResult
    private func update<Output>(_ change: (inout Machine, ContinuousClock.Instant) -> Output) -> Output {
        let now = ContinuousClock.now
        let (output, consequences) = state.withLock { state in
            let output = change(&state.machine, now)
            return (output, settle(&state, now))
        }
        carryOut(consequences)
        return output
    }

    /// Brings what depends on the machine up to date. Inside the lock.
    private func settle(_ state: inout State, _ now: ContinuousClock.Instant) -> Consequences {
        ready.withLock { $0.replace(state.machine.usable, hasProbe: state.machine.hasProbe) }
        var consequences = Consequences(actions: state.machine.takeActions())
        switch state.machine.outlook(at: now) {
        case .ready: consequences.ready = state.waiters.removeAll()
        case .wait: break
        case .fail(let error):
            consequences.failed = (state.machine.isClosed ? state.waiters.removeAll() : state.waiters.removeImpatient(), error)
        }
        state.machine.waiting = state.waiters.count
        setAlarm(&state, now)
        return consequences
    }

    private func carryOut(_ consequences: Consequences) {
        for action in consequences.actions { carryOut(action) }
        for waiter in consequences.ready { waiter.resume() }
        guard let failed = consequences.failed else { return }
        for waiter in failed.waiters { waiter.resume(throwing: failed.error) }
    }

    private func carryOut(_ action: Machine.Action) {
        switch action {
        case .resolve(let id): resolve(id)
        case .giveUpLookup(let id): lookups.withLock { $0[id] }?.cancel()
        case .connect(let id, let endpoint, let answers): connect(id, endpoint, answers)
        case .drain(let connection): connection.wire.loop.execute { connection.wire.shutDown() }
        case .closeNow(let connection): connection.wire.loop.execute { connection.wire.closeNow() }
        case .note(let note): note.log(to: logger)
        }
    }

    private func resolve(_ id: UInt64) {
        let resolver = resolver
        lookups.withLock { lookups in
            lookups[id] = Task { [weak self] in
                do {
                    let endpoints = try await resolver.resolve()
                    self?.update { $0.resolved(endpoints, by: id, at: $1) }
                } catch {
                    self?.update { $0.resolutionFailed(error, by: id, at: $1) }
                }
                self?.lookups.withLock { $0[id] = nil }
            }
        }
    }

    private func giveUpLookups() {
        for lookup in lookups.withLock({ $0.values }) { lookup.cancel() }
    }

    private func connect(_ id: UInt64, _ endpoint: MeshEndpoint, _ answers: AnswerCounter) {
        connector.connect(to: endpoint) { [weak self, logger] outcome in
            switch outcome {
            case .established(let wire):
                let connection = PooledConnection(id: id, wire: wire, endpoint: endpoint, answers: answers)
                guard let self else { return wire.loop.execute { wire.closeNow() } }
                update { $0.established(connection, at: $1) }
            case .failed(let error): self?.update { $0.failed(id, error, at: $1) }
            case .retired: self?.update { $0.retired(id, at: $1) }
            case .ended(let broke): self?.update { $0.ended(id, broke: broke, at: $1) }
            case .broken(let failure):
                logger.warning(
                    "connection closed", metadata: ["host": "\(endpoint.host)", "port": "\(endpoint.port)", "why": "\(failure.reason)"])
            }
        }
    }

    // MARK: Time

    private func setAlarm(_ state: inout State, _ now: ContinuousClock.Instant) {
        guard let next = state.machine.nextWake(at: now) else {
            state.alarm?.task.cancel()
            return state.alarm = nil
        }
        if let alarm = state.alarm {
            guard next < alarm.at else { return }
            alarm.task.cancel()
        }
        let task = connector.anyLoop().scheduleTask(in: TimeAmount(max(.zero, next - now))) { [weak self] () -> Void in
            self?.wake()
        }
        state.alarm = (task, next)
    }

    private func wake() {
        state.withLock { $0.alarm = nil }
        connector.refreshCertificates()
        update { $0.woken(at: $1) }
    }

    // MARK: Closing

    /// Closes without waiting.
    func abandon() {
        let open = update { machine, _ in machine.close() }
        giveUpLookups()
        for connection in open {
            connection.wire.loop.execute { connection.wire.shutDown() }
        }
    }

    /// Takes no more calls, waits a little for those in flight, closes.
    func close() async {
        let open = update { machine, _ in machine.close() }
        giveUpLookups()
        await withTaskGroup { group in
            for connection in open { group.addTask { await self.close(connection.wire) } }
        }
    }

    private func close(_ wire: ClientConnection) async {
        let timer = wire.loop.scheduleTask(in: TimeAmount(limits.closeTimeout)) { wire.closeNow() }
        await withCheckedContinuation { done in
            wire.loop.execute {
                wire.whenEnded { done.resume() }
                wire.shutDown()
            }
        }
        timer.cancel()
    }
}

extension RPCError {
    static let callCancelled = RPCError(.cancelled, "The call was cancelled.")
}
