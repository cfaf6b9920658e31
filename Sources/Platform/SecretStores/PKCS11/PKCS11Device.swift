internal import Dispatch
internal import Secrets
internal import Synchronization

/// A device, used by one thread of its own: its calls block, for as long as the device likes.
final class PKCS11Device: Sendable {
    /// Requests that may wait for their turn.
    static let maximumWaiting = 64
    /// How long a request waits. One that the device has begun cannot be stopped: it ends in its own time, and nobody listens.
    static let deadline = Duration.seconds(10)

    private let settings: PKCS11Settings
    private let writes: Bool
    private let queue = DispatchQueue(label: "cryptopulse.pkcs11")
    private let waiting = Mutex(0)
    /// Belongs to `queue`.
    private let session = SessionBox()

    private final class SessionBox: @unchecked Sendable {
        var session: PKCS11Session?
    }

    init(_ settings: PKCS11Settings, writes: Bool = false) {
        self.settings = settings
        self.writes = writes
    }

    /// - Throws: `SecretStoreError.Cause`, `CancellationError`.
    func run<Value: Sendable>(_ body: @escaping @Sendable (PKCS11Session) throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        guard enter() else { throw SecretStoreError.Cause.unavailable("too many requests wait for the device") }
        return try await withCheckedThrowingContinuation { continuation in
            let answer = OneAnswer(continuation)
            queue.async { [self] in
                // Whoever asked may have gone while this waited.
                if !answer.isGiven { answer.give(Result { try attempt(body) }) }
                leave()
            }
            Task {
                try? await Task.sleep(for: Self.deadline)
                answer.give(.failure(SecretStoreError.Cause.unavailable("the device did not answer within \(Self.deadline)")))
            }
        }
    }

    /// Once more with a new session when the first was lost.
    private func attempt<Value>(_ body: (PKCS11Session) throws -> Value) throws -> Value {
        do {
            return try once(body)
        } catch let failure as PKCS11Failure where failure.losesSession {
            session.session?.close()
            session.session = nil
            do {
                return try once(body)
            } catch let failure as PKCS11Failure {
                throw failure.cause
            }
        } catch let failure as PKCS11Failure {
            throw failure.cause
        }
    }

    private func once<Value>(_ body: (PKCS11Session) throws -> Value) throws -> Value {
        let open = try session.session ?? PKCS11Session(settings, writes: writes)
        session.session = open
        return try body(open)
    }

    private func enter() -> Bool {
        waiting.withLock { waiting in
            guard waiting < Self.maximumWaiting else { return false }
            waiting += 1
            return true
        }
    }

    private func leave() {
        waiting.withLock { $0 -= 1 }
    }
}

/// A continuation that the first answer resumes; later ones count for nothing.
private final class OneAnswer<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ continuation: CheckedContinuation<Value, any Error>) {
        self.continuation = Mutex(continuation)
    }

    var isGiven: Bool { continuation.withLock { $0 == nil } }

    func give(_ answer: Result<Value, any Error>) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(with: answer)
    }
}
