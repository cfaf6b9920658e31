internal import MeshCall

/// Calls that wait for a connection.
struct Waiters: Sendable {
    typealias Continuation = CheckedContinuation<Void, any Error>

    private struct Waiter: Sendable {
        let continuation: Continuation
        /// It waits through failures, until its deadline.
        let isPatient: Bool
    }

    private var waiters: [UInt64: Waiter] = [:]
    private var lastID: UInt64 = 0

    var count: Int { waiters.count }

    /// A number for a wait that is about to begin.
    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func add(_ id: UInt64, _ continuation: Continuation, isPatient: Bool) {
        waiters[id] = Waiter(continuation: continuation, isPatient: isPatient)
    }

    mutating func remove(_ id: UInt64) -> Continuation? {
        waiters.removeValue(forKey: id)?.continuation
    }

    mutating func removeAll() -> [Continuation] {
        defer { waiters = [:] }
        return waiters.values.map(\.continuation)
    }

    mutating func removeImpatient() -> [Continuation] {
        let impatient = waiters.filter { !$0.value.isPatient }
        for id in impatient.keys { waiters[id] = nil }
        return impatient.values.map(\.continuation)
    }
}
