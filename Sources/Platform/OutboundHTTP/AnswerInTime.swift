extension AsyncStream where Element: Sendable {
    /// The first element, or nil when none comes by `deadline`. Whoever makes the elements is left alone.
    func first(until deadline: ContinuousClock.Instant) async -> Element? {
        await withTaskGroup(of: Element?.self) { group in
            group.addTask { await first { _ in true } }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

/// Waits for work that does not end because nobody waits any more: `withDeadline` waits for what it cancels.
public enum AnswerInTime {
    /// - Parameter isGivenUp: the work hears, by its task's cancellation, that nobody waits any more.
    /// - Returns: nil when `deadline` passed, and when the caller was cancelled; the work goes on.
    /// - Throws: what `body` throws.
    public static func of<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value, until deadline: ContinuousClock.Instant, isGivenUp: Bool = false
    ) async throws -> Value? {
        let (answers, continuation) = AsyncStream<Result<Value, any Error>>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let work = Task {
            do {
                continuation.yield(.success(try await body()))
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        defer { if isGivenUp { work.cancel() } }
        return try await answers.first(until: deadline)?.get()
    }
}
