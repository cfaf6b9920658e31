internal import KeyManagement
internal import Secrets
internal import Synchronization

/// The key of the model's API, as it is now, and the questions that are about to be sent with it.
final class ModelKey: Sendable {
    /// Its name in the agent's store. The provider makes it, an operator puts it there.
    static let storedName = "llm-api-key"

    struct Value: Sendable {
        var id: String
        var bytes: SecretBytes
    }

    private struct State {
        var value: Value?
        /// Ids of the keys that may be sent.
        var usable: Set<String>
        /// Each waits for the end of its key, and is at most as many as the questions.
        var watches: [UInt64: (keyID: String, end: AsyncStream<Never>.Continuation)] = [:]
        var next: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ value: Value? = nil) {
        state = Mutex(State(value: value, usable: value.map { [$0.id] } ?? []))
    }

    /// nil: nothing is asked of the model.
    var current: Value? { state.withLock { $0.value } }

    /// - Parameter usable: ids of the keys that may still be sent: the one before may, until its overlap is over.
    func take(_ key: Value?, usable: Set<String>) {
        let ended = state.withLock { state in
            (state.value, state.usable) = (key, usable)
            return state.watches.values.filter { !usable.contains($0.keyID) }
        }
        for watch in ended { watch.end.finish() }
    }

    /// Runs `body`, cancelled when the key may no longer be sent.
    ///
    /// - Throws: `ModelFailure.keyEnded` then; what `body` throws.
    func whileUsable<T: Sendable>(_ keyID: String, _ body: @escaping @Sendable () async throws -> T) async throws -> T {
        // Between the look at the key and this moment it may have been revoked.
        guard let (ticket, ended) = watch(keyID) else { throw ModelFailure.keyEnded }
        return try await withThrowingTaskGroup(of: T.self) { group in
            defer { unwatch(ticket) }
            group.addTask(operation: body)
            group.addTask {
                for await _ in ended {}
                try Task.checkCancellation()
                throw ModelFailure.keyEnded
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    /// For tests.
    var watchCount: Int { state.withLock { $0.watches.count } }

    private func watch(_ keyID: String) -> (UInt64, AsyncStream<Never>)? {
        let (ended, end) = AsyncStream.makeStream(of: Never.self)
        let ticket = state.withLock { state -> UInt64? in
            guard state.usable.contains(keyID) else { return nil }
            defer { state.next &+= 1 }
            state.watches[state.next] = (keyID, end)
            return state.next
        }
        return ticket.map { ($0, ended) }
    }

    private func unwatch(_ ticket: UInt64) {
        state.withLock { _ = $0.watches.removeValue(forKey: ticket) }
    }
}

extension ModelKey.Value {
    /// Bytes of the longest key.
    static let longest = 4096

    /// - Throws: `Unfit` for what cannot stand in a header: white space in its middle, or what is no ASCII.
    init(id: String, checking stored: SecretBytes) throws(Unfit) {
        let line = SecretText.line(stored)
        let isPlain = line.withUnsafeBytes { $0.allSatisfy { (0x21...0x7e).contains($0) } }
        guard isPlain, (1...Self.longest).contains(line.count) else { throw Unfit() }
        (self.id, bytes) = (id, line)
    }

    struct Unfit: Error, CustomStringConvertible {
        var description: String { "a model key is 1 to \(longest) ASCII characters without spaces" }
    }
}
