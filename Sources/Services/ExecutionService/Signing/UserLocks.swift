internal import MeshCall

/// One at a time for each person, first come first served, with a bound on how many wait.
actor UserLocks {
    private let maxWaiters: Int
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    init(maxWaiters: Int) {
        self.maxWaiters = maxWaiters
    }

    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when too many wait already; what `body` throws.
    nonisolated func run<T: Sendable>(_ user: String, _ body: @Sendable () async throws -> T) async throws -> T {
        try await acquire(user)
        do {
            let value = try await body()
            await release(user)
            return value
        } catch {
            await release(user)
            throw error
        }
    }

    /// The entry of a person is there while somebody holds the lock.
    private func acquire(_ user: String) async throws {
        guard let queue = waiting[user] else {
            waiting[user] = []
            return
        }
        guard queue.count < maxWaiters else {
            throw RPCError(.resourceExhausted, "Too many of your orders are in progress.", reason: "TOO_MANY_ORDERS", retryAfter: .seconds(1))
        }
        await withCheckedContinuation { waiting[user, default: []].append($0) }
    }

    private func release(_ user: String) {
        guard var queue = waiting[user], !queue.isEmpty else {
            waiting[user] = nil
            return
        }
        let next = queue.removeFirst()
        waiting[user] = queue
        next.resume()
    }
}
