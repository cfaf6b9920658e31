internal import Synchronization

/// Looks names up side by side, each on a thread of its own: never twice at a time, so that names whose lookups hang hold one thread each.
final class NameLookups: Sendable {
    /// All addresses of a name. It may wait.
    typealias LookUp = @Sendable (String) throws(ResolutionFailed) -> [String]

    private struct Waiter {
        let endpoints: [MeshEndpoint]
        /// From then on what is there is enough.
        let until: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var known = KnownNames()
        var running: Set<String> = []
        var waiters: [UInt64: Waiter] = [:]
        var lastID: UInt64 = 0
    }

    private let lookUp: LookUp
    private let state = Mutex(State())

    init(_ lookUp: @escaping LookUp) {
        self.lookUp = lookUp
    }

    /// - Parameter patience: how long those that were found wait for the others; those have failed for now then.
    /// - Throws: `ResolutionFailed`, `ResolutionIncomplete`, `CancellationError`.
    func addresses(of endpoints: [MeshEndpoint], patience: Duration) async throws -> [MeshEndpoint] {
        let hosts = Set(endpoints.map(\.host))
        begin(Set(endpoints.filter { !$0.isNumeric }.map(\.host)))
        await wait(for: endpoints, patience)
        return try state.withLock { state in
            // What others have said is good, although this lookup was given up.
            guard !Task.isCancelled || state.known.hasAddress(of: endpoints) else { throw CancellationError() }
            for host in state.running.intersection(hosts) { state.known.learned(host, .failure(.noAnswer(host, patience))) }
            return try state.known.addresses(of: endpoints)
        }
    }

    private func begin(_ names: Set<String>) {
        let fresh = state.withLock { state in
            defer { state.running.formUnion(names) }
            return names.subtracting(state.running)
        }
        for name in fresh {
            let begins = LookupThread.run { [self] in ended(name, Result { () throws(ResolutionFailed) in try lookUp(name) }) }
            if !begins { ended(name, .failure(.noThread(name))) }
        }
    }

    private func ended(_ name: String, _ answer: Result<[String], ResolutionFailed>) {
        release { state in
            state.running.remove(name)
            state.known.learned(name, answer)
        }
    }

    private func wait(for endpoints: [MeshEndpoint], _ patience: Duration) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let until = ContinuousClock.now + patience
        let timer = Task { [self] in
            try await Task.sleep(until: until)
            release { _ in }
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                release { $0.waiters[id] = Waiter(endpoints: endpoints, until: until, continuation: continuation) }
                // A cancellation before the waiter could be found.
                if Task.isCancelled { giveUp(id) }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func giveUp(_ id: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
    }

    /// Changes something, and lets go on whose wait is over by it.
    private func release(_ change: (inout State) -> Void) {
        let over = state.withLock { state in
            change(&state)
            let over = state.waiters.filter { Self.isOver($0.value, state) }
            for id in over.keys { state.waiters[id] = nil }
            return over.values.map(\.continuation)
        }
        for continuation in over { continuation.resume() }
    }

    private static func isOver(_ waiter: Waiter, _ state: State) -> Bool {
        guard waiter.endpoints.contains(where: { state.running.contains($0.host) }) else { return true }
        return .now >= waiter.until && state.known.hasAddress(of: waiter.endpoints)
    }
}

extension ResolutionFailed {
    fileprivate static func noAnswer(_ host: String, _ patience: Duration) -> ResolutionFailed {
        ResolutionFailed(host: host, reason: "no answer in \(patience)", isTemporary: true)
    }

    fileprivate static func noThread(_ host: String) -> ResolutionFailed {
        ResolutionFailed(host: host, reason: "no thread to look it up", isTemporary: true)
    }
}
