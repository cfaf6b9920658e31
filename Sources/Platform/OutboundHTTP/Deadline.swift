internal import NIOCore

/// Runs `body`, cancelled when the time is over.
///
/// - Parameter late: what is thrown then.
/// - Throws: `late()` at the deadline; what `body` throws.
public func withDeadline<Value: Sendable>(
    _ timeout: Duration, _ body: @escaping @Sendable () async throws -> Value, late: @escaping @Sendable () -> any Error
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: timeout)
            throw late()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

extension TimeAmount {
    /// In whole milliseconds, as far as they reach.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (milliseconds, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        self = overflows ? .hours(24) : .milliseconds(milliseconds + attoseconds / 1_000_000_000_000_000)
    }
}
