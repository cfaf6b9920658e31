internal import OutboundHTTP
internal import Secrets

/// What several operations wait for, such as a login: it has its own time, whoever began it, and each waits for it as long as it has time itself.
extension StoreOperation {
    static func share<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Task<Value, any Error> {
        Task { try await $end.withValue(.now + longest) { try await body() } }
    }

    /// - Throws: what the work throws; `SecretStoreError.Cause` unavailable when the operation's time is over first; `CancellationError`.
    static func shared<Value: Sendable>(_ work: Task<Value, any Error>) async throws -> Value {
        guard let end else { return try await work.value }
        if let value = try await AnswerInTime.of({ try await work.value }, until: end) { return value }
        try Task.checkCancellation()
        throw SecretStoreError.Cause.unavailable("the operation's time was over before its login")
    }
}
