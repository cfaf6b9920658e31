internal import MeshCall

// Hedging (Dean and Barroso, "The Tail at Scale", 2013): a call that takes long is made a second time elsewhere; the first good answer
// wins, and the other attempt is cancelled.

extension CallRunner {
    private enum Event: Sendable {
        case answer(Result<UnaryReply, any Error>)
        case isLate
    }

    /// - Throws: as one attempt does: `CallNotRun` or `RPCError`, when no attempt was answered well.
    func hedged(_ outgoing: OutgoingCall, attempt: Int, on lease: Lease, after delay: Duration) async throws -> UnaryReply {
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask { .answer(await self.outcome(of: outgoing, on: lease)) }
            group.addTask {
                // Cancelled when it is no longer needed.
                try? await Task.sleep(for: delay)
                return .isLate
            }
            defer { group.cancelAll() }
            return try await self.firstGood(of: &group) {
                self.hedge(otherThan: lease.connection).map { other in
                    (outgoing.marked(attempt: attempt + 1), other)
                }
            }
        }
    }

    private func firstGood(
        of group: inout ThrowingTaskGroup<Event, any Error>, hedge: () -> (OutgoingCall, Lease)?
    ) async throws -> UnaryReply {
        var running = 1
        var ran: (any Error)?
        while let event = try await group.next() {
            switch event {
            case .isLate:
                guard !Task.isCancelled, let (outgoing, lease) = hedge() else { continue }
                running += 1
                group.addTask { .answer(await self.outcome(of: outgoing, on: lease)) }
            case .answer(.success(let reply)): return reply
            case .answer(.failure(let error)):
                running -= 1
                // The other attempt would be told the same.
                guard Self.isWorthWaiting(after: error) else { throw error }
                if !Self.neverRan(error) { ran = ran ?? error }
                // What a server said goes before what never got to one.
                if running == 0 { throw ran ?? error }
            }
        }
        throw RPCError.callCancelled
    }

    private static func neverRan(_ error: any Error) -> Bool { error is CallNotRun || (error as? RPCError)?.isCertainlyNotRun == true }

    /// Whether an attempt elsewhere may end better: this one did not run, or its server has trouble.
    private static func isWorthWaiting(after error: any Error) -> Bool {
        guard let failure = error as? RPCError, !neverRan(error) else { return true }
        return [.unavailable, .deadlineExceeded, .resourceExhausted].contains(failure.code)
    }

    private func outcome(of outgoing: OutgoingCall, on lease: Lease) async -> Result<UnaryReply, any Error> {
        do {
            return .success(try await unary(outgoing, on: lease))
        } catch {
            return .failure(error)
        }
    }

    /// A second connection, if there is one and the budget allows for it.
    private func hedge(otherThan connection: PooledConnection) -> Lease? {
        guard let lease = pool.pick(otherThan: connection) else { return nil }
        guard withdraw() else {
            pool.unused(lease)
            return nil
        }
        return lease
    }
}
