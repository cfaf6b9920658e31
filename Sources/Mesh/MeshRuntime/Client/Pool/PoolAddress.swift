internal import MeshCall

/// One address of the peer: its connections, its back-off, its breaker.
struct PoolAddress<Connection: PoolMember>: Sendable {
    struct Slot: Sendable {
        let connection: Connection
        let established: ContinuousClock.Instant
        let expires: ContinuousClock.Instant
        /// It serves until its replacement is there.
        var isExpiring = false
        var begunSeen: UInt32 = 0
        var lastUsed: ContinuousClock.Instant
    }

    /// What goes on while nobody can connect it.
    struct Unreachable: Sendable {
        var backoff: Backoff
        /// No attempt to connect before.
        var retryAt: ContinuousClock.Instant?
        /// Why it cannot be connected.
        var failure: RPCError
    }

    let endpoint: MeshEndpoint
    let answers = AnswerCounter()
    /// Attempts to connect that are under way.
    var connecting: Set<UInt64> = []
    var slots: [Slot] = []
    /// Connections that its load asks for.
    var wanted: Int
    var backoff: Backoff
    var breaker: Breaker
    /// No attempt to connect before.
    var retryAt: ContinuousClock.Instant?
    /// Why it cannot be connected.
    var failure: RPCError?
    /// An attempt to connect it has failed since it was taken into use, and none has succeeded.
    private(set) var hasFailed = false
    private var lostYoung = false

    /// - Parameter past: of the same address, when it was used before.
    init(_ endpoint: MeshEndpoint, _ limits: ClientLimits, _ past: Unreachable? = nil, at now: ContinuousClock.Instant) {
        self.endpoint = endpoint
        wanted = limits.pool.isWarm ? limits.pool.connectionsPerAddress : 1
        backoff = past?.backoff ?? Backoff(limits)
        retryAt = past?.retryAt
        failure = past?.failure
        breaker = Breaker(limits.breaker, at: now)
    }

    /// Nil for one that is connected, or was not tried.
    var unreachable: Unreachable? {
        failure.flatMap { slots.isEmpty ? Unreachable(backoff: backoff, retryAt: retryAt, failure: $0) : nil }
    }

    /// Nothing is to be had of it, also where it is tried once more just now.
    var isHopeless: Bool { slots.isEmpty && failure != nil && (hasFailed || connecting.isEmpty) }

    /// Connections that are to stay, and those to be.
    var lasting: Int { slots.count { !$0.isExpiring } + connecting.count }

    /// How many connections to begin now: a first one shows whether the address can be reached at all.
    func missing(at now: ContinuousClock.Instant) -> Int {
        if let retryAt, now < retryAt { return 0 }
        let target = slots.isEmpty ? 1 : wanted
        return max(0, target - lasting)
    }

    mutating func established(_ connection: Connection, expires: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> Slot? {
        retryAt = nil
        failure = nil
        hasFailed = false
        slots.append(Slot(connection: connection, established: now, expires: expires, lastUsed: now))
        guard let old = slots.firstIndex(where: \.isExpiring) else { return nil }
        return slots.remove(at: old)
    }

    mutating func failed(_ error: RPCError, at now: ContinuousClock.Instant) {
        failure = error
        hasFailed = true
        retryAt = now + backoff.failed()
    }

    /// A connection in use is gone. It is replaced at once, unless that happens again and again.
    mutating func lost(_ slot: Slot, stableAge: Duration, at now: ContinuousClock.Instant) {
        guard now - slot.established < stableAge else {
            lostYoung = false
            return backoff.succeeded()
        }
        if lostYoung { failed(.lostYoung, at: now) }
        lostYoung = true
    }

    /// Takes note of which connections carry calls.
    ///
    /// - Returns: true if any did.
    mutating func noteUse(at now: ContinuousClock.Instant) -> Bool {
        var isUsed = false
        for index in slots.indices {
            let begun = slots[index].connection.begun
            guard begun != slots[index].begunSeen || slots[index].connection.inFlight > 0 else { continue }
            slots[index].begunSeen = begun
            slots[index].lastUsed = now
            isUsed = true
        }
        return isUsed
    }

    /// Takes out a connection beyond the first that nobody uses.
    mutating func shrink(idleTimeout: Duration, at now: ContinuousClock.Instant) -> Slot? {
        guard slots.count(where: { !$0.isExpiring }) > 1, connecting.isEmpty,
            let idle = slots.firstIndex(where: { !$0.isExpiring && now - $0.lastUsed >= idleTimeout && $0.connection.inFlight == 0 })
        else { return nil }
        wanted = max(1, wanted - 1)
        return slots.remove(at: idle)
    }

    mutating func expire(at now: ContinuousClock.Instant) {
        for index in slots.indices where slots[index].expires <= now { slots[index].isExpiring = true }
    }
}

extension RPCError {
    fileprivate static let lostYoung = RPCError(.unavailable, "The peer keeps closing connections.", reason: "CONNECTION_CLOSED")
}
