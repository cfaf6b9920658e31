/// The connections that a call may take now. A snapshot of the pool's state, so that taking one is a few instructions.
struct ReadySet: Sendable {
    enum Choice {
        case take(Lease)
        /// As `take`; its address could do with one more connection.
        case takeAndGrow(Lease)
        case none
        /// An address wants to be tried: only the pool's state can say which.
        case probe
    }

    private(set) var connections: ContiguousArray<PooledConnection> = []
    private(set) var hasProbe = false
    /// Calls in flight from which on a connection wants company; nil where there may be none.
    private let growAt: Int?
    private var random: FastRandom

    init(growAt: Int?, seed: UInt64) {
        self.growAt = growAt
        random = FastRandom(seed: seed)
    }

    mutating func replace(_ connections: [PooledConnection], hasProbe: Bool) {
        self.connections = ContiguousArray(connections)
        self.hasProbe = hasProbe
    }

    /// The hot path of every call.
    @inline(__always)
    mutating func choose() -> Choice {
        if hasProbe { return .probe }
        return chooseUsed()
    }

    /// As `choose`, with no thought of probes.
    mutating func chooseUsed() -> Choice {
        let count = connections.count
        guard count > 1 else { return count == 1 ? take(connections[0]) : .none }
        let index = Balancer.choose(among: count, random: random.next()) { connections[$0].inFlight }
        return index.map { take(connections[$0]) } ?? .none
    }

    /// A connection to another address, or else another connection; nil when there is none.
    mutating func chooseOther(than avoided: PooledConnection) -> Lease? {
        let elsewhere = connections.filter { $0.answers !== avoided.answers }
        let others = elsewhere.isEmpty ? connections.filter { $0 !== avoided } : elsewhere
        let index = Balancer.choose(among: others.count, random: random.next()) { others[$0].inFlight }
        guard let index else { return nil }
        others[index].begin()
        return Lease(connection: others[index])
    }

    @inline(__always)
    private func take(_ connection: PooledConnection) -> Choice {
        if let growAt, connection.inFlight >= growAt {
            connection.begin()
            return .takeAndGrow(Lease(connection: connection))
        }
        connection.begin()
        return .take(Lease(connection: connection))
    }
}
