internal import MeshCall

/// One at a time for each person, first come first served, with a bound on how many wait.
actor UserLocks {
    private struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private let maxWaiters: Int
    private var waiting: [String: [Waiter]] = [:]
    private var lastTicket: UInt64 = 0

    init(maxWaiters: Int) {
        self.maxWaiters = maxWaiters
    }

    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when too many wait already; `CancellationError` when cancelled while waiting; what `body` throws.
    nonisolated func run<T: Sendable>(_ user: String, _ body: @Sendable () async throws -> T) async throws -> T {
        try await acquire(user)
        return try await holding(user, body)
    }

    /// Does not wait: nil when somebody has the lock.
    nonisolated func runIfFree<T: Sendable>(_ user: String, _ body: @Sendable () async throws -> T) async throws -> T? {
        guard await acquireIfFree(user) else { return nil }
        return try await holding(user, body)
    }

    private nonisolated func holding<T: Sendable>(_ user: String, _ body: @Sendable () async throws -> T) async throws -> T {
        do {
            let value = try await body()
            await release(user)
            return value
        } catch {
            await release(user)
            throw error
        }
    }

    private func acquireIfFree(_ user: String) -> Bool {
        guard waiting[user] == nil else { return false }
        waiting[user] = []
        return true
    }

    /// The entry of a person is there while somebody holds the lock.
    private func acquire(_ user: String) async throws {
        guard let queue = waiting[user] else {
            waiting[user] = []
            return
        }
        guard queue.count < maxWaiters else {
            throw RPCError(
                .resourceExhausted, "Too many of your orders are in progress.", reason: "TOO_MANY_ORDERS", retryAfter: .seconds(1))
        }
        lastTicket += 1
        let ticket = lastTicket
        let isMine = await withTaskCancellationHandler {
            await withCheckedContinuation { wait(Waiter(ticket: ticket, continuation: $0), for: user) }
        } onCancel: {
            Task { await self.giveUp(ticket, of: user) }
        }
        guard isMine else { throw CancellationError() }
    }

    private func wait(_ waiter: Waiter, for user: String) {
        guard !Task.isCancelled else { return waiter.continuation.resume(returning: false) }
        waiting[user, default: []].append(waiter)
    }

    private func giveUp(_ ticket: UInt64, of user: String) {
        guard let index = waiting[user]?.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting[user]?.remove(at: index).continuation.resume(returning: false)
    }

    private func release(_ user: String) {
        guard var queue = waiting[user], !queue.isEmpty else {
            waiting[user] = nil
            return
        }
        let next = queue.removeFirst()
        waiting[user] = queue
        next.continuation.resume(returning: true)
    }
}
