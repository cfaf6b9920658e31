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
    private let deadline: Duration
    private let queue = DispatchQueue(label: "cryptopulse.pkcs11")
    private let waiting = Mutex(0)
    /// Belongs to `queue`.
    private let session = SessionBox()

    private final class SessionBox: @unchecked Sendable {
        var session: PKCS11Session?
    }

    init(_ settings: PKCS11Settings, writes: Bool = false, deadline: Duration = deadline) {
        self.settings = settings
        self.writes = writes
        self.deadline = deadline
    }

    /// Requests whose turn has not ended.
    var waitingCount: Int { waiting.withLock { $0 } }

    /// A request that nobody waits for any more, since its time has passed or its task was cancelled, is not begun.
    ///
    /// - Throws: `SecretStoreError.Cause`, `CancellationError`.
    func run<Value: Sendable>(_ body: @escaping @Sendable (PKCS11Session) throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        guard enter() else { throw SecretStoreError.Cause.unavailable("too many requests wait for the device") }
        let (answer, limit) = (OneAnswer<Value>(), ContinuousClock.now + deadline)
        let late = SecretStoreError.Cause.unavailable("the device did not answer within \(deadline)")
        let timer = Task {
            try await Task.sleep(until: limit, clock: .continuous)
            answer.give(.failure(late))
        }
        queue.async { [self] in
            if ContinuousClock.now >= limit { answer.give(.failure(late)) }
            if !answer.isGiven { answer.give(Result { try attempt(body) }) }
            timer.cancel()
            leave()
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { answer.wait($0) }
        } onCancel: {
            answer.give(.failure(CancellationError()))
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

/// The first answer resumes whoever waits, or will wait; later ones count for nothing.
private final class OneAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waitedFor(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
    }

    private let state = Mutex(State.open)

    var isGiven: Bool {
        state.withLock { if case .given = $0 { true } else { false } }
    }

    func wait(_ continuation: CheckedContinuation<Value, any Error>) {
        let early = state.withLock { state -> Result<Value, any Error>? in
            if case .given(let answer) = state { return answer }
            state = .waitedFor(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
    }

    func give(_ answer: Result<Value, any Error>) {
        let waiting = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            let waiting: CheckedContinuation<Value, any Error>?
            switch state {
            case .open: waiting = nil
            case .waitedFor(let continuation): waiting = continuation
            case .given: return nil
            }
            state = .given(answer)
            return waiting
        }
        waiting?.resume(with: answer)
    }
}
