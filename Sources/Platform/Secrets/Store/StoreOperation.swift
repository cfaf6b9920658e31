/// One operation of a secret store, with all requests that it takes: logins, repetitions, the several requests of one change.
package enum StoreOperation {
    /// For the whole of it.
    static let longest = Duration.seconds(10)
    /// When it must be over; nil outside of one.
    @TaskLocal package static var end: ContinuousClock.Instant?

    /// For what several operations wait for, such as a login: it has its own time, whoever began it, and each waits for it as long as it has time.
    ///
    /// - Throws: `SecretStoreError.Cause` unavailable when the operation's time is over first.
    package static func shared<Value: Sendable>(_ work: Task<Value, any Error>) async throws -> Value {
        guard let end else { return try await work.value }
        let (answers, answer) = AsyncStream<Result<Value, any Error>>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let waiting = Task { answer.yield(await work.result) }
        let timer = Task {
            try await Task.sleep(until: end, clock: .continuous)
            answer.yield(.failure(SecretStoreError.Cause.unavailable("the operation's time was over before its login")))
        }
        defer {
            waiting.cancel()
            timer.cancel()
        }
        guard let outcome = await answers.first(where: { _ in true }) else { throw CancellationError() }
        return try outcome.get()
    }

    /// Begins such work.
    package static func share<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Task<Value, any Error> {
        Task { try await $end.withValue(.now + longest) { try await body() } }
    }

    /// One within another has no more time than that.
    static func bounded<Value>(_ body: () async throws -> Value) async throws -> Value {
        let mine = ContinuousClock.now + longest
        return try await $end.withValue(end.map { min($0, mine) } ?? mine) { try await body() }
    }
}
