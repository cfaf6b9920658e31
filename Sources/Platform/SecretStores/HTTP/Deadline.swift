internal import Secrets

/// Runs `body`, cancelled when the time is over.
///
/// - Parameter whom: who is to answer, for the error.
/// - Throws: `unavailable` at the deadline; what `body` throws.
func withDeadline<Value: Sendable>(_ timeout: Duration, from whom: String, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: timeout)
            throw SecretStoreError.Cause.unavailable("\(whom): no answer within \(timeout)")
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

extension StoreLimits {
    /// Repeats `body` while its failure is transient and time is left, waiting longer each time and a little at random.
    ///
    /// - Throws: what `body` threw last.
    func repeating<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let end = ContinuousClock.now + deadline
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
