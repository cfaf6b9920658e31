internal import MeshCall
internal import Synchronization

/// One established connection and the calls on it.
final class PooledConnection: PoolMember, ConnectionUse {
    /// Of the attempt to connect that made it.
    let id: UInt64
    let wire: ClientConnection
    let endpoint: MeshEndpoint
    let answers: AnswerCounter
    /// Lower half: calls in flight. Upper half: calls begun, which may wrap.
    private let calls = Atomic<UInt64>(0)

    init(id: UInt64, wire: ClientConnection, endpoint: MeshEndpoint, answers: AnswerCounter) {
        self.id = id
        self.wire = wire
        self.endpoint = endpoint
        self.answers = answers
    }

    @inline(__always)
    var inFlight: Int { Int(UInt32(truncatingIfNeeded: calls.load(ordering: .relaxed))) }

    var begun: UInt32 { UInt32(truncatingIfNeeded: calls.load(ordering: .relaxed) >> 32) }

    @inline(__always)
    func begin() {
        calls.wrappingAdd(1 << 32 | 1, ordering: .relaxed)
    }

    @inline(__always)
    func end() {
        calls.wrappingSubtract(1, ordering: .relaxed)
    }

    @inline(__always)
    func answered() {
        end()
        answers.add()
    }
}

/// One call's hold on a connection: ended exactly once.
struct Lease: Sendable {
    let connection: PooledConnection
    /// Its outcome decides whether the address is used again.
    var probe: Breaker.Probe?
}
