internal import Secrets

extension StoreLimits {
    /// Repeats `body` while its failure is transient and time is left, its own and that of the operation that it is a part of, waiting longer each time and a little at random.
    ///
    /// - Throws: what `body` threw last.
    func repeating<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let mine = ContinuousClock.now + deadline
        let end = StoreOperation.end.map { min($0, mine) } ?? mine
        var backoff = firstBackoff
        while true {
            do {
                return try await body()
            } catch let cause as SecretStoreError.Cause where cause.isTransient {
                let wait = backoff * Double.random(in: 0.5...1)
                // An attempt that could not end in time is not begun.
                guard ContinuousClock.now + wait + attempt <= end else { throw cause }
                try await Task.sleep(for: wait)
                backoff = min(backoff * 2, longestBackoff)
            }
        }
    }
}
