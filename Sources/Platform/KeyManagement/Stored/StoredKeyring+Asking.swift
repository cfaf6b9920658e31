internal import Secrets

/// How long anything waits for the store: as long as the store takes, but where a key is to be revoked. That counts within a second, whatever the
/// store does, and so it gives up what runs.
extension StoredKeyring {
    /// How long a revocation waits for the store, so that another key can take the place of the one that ends.
    static let longestWaitToRevoke = Duration.milliseconds(600)

    /// What the store answers.
    ///
    /// A write that is given up is still carried out, perhaps, and nothing asked later overtakes it: the next look sees what it did.
    ///
    /// - Throws: what the store throws; `SecretStoreError` unavailable when a revocation cannot wait; `CancellationError`.
    func asking<Answer: Sendable>(
        toWrite isWrite: Bool = false, _ request: @escaping @Sendable (any SecretStore) async throws -> Answer
    ) async throws -> Answer {
        let tooLate = SecretStoreError(store: store.kind, secret: plan.secret, cause: .unavailable("no answer yet, and a key is to be revoked"))
        if urgency.isPressing { throw tooLate }
        let (answers, answer) = AsyncStream<Result<Answer, any Error>>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let work = Task { [store, unfinished] in
            await unfinished?.value
            answer.yield(await Self.outcome(of: request, at: store, isCut: !isWrite))
        }
        let timer = urgency.deadline.map { deadline in
            Task {
                try await Task.sleep(until: deadline, clock: .continuous)
                answer.yield(.failure(tooLate))
            }
        }
        urgency.giveUp = { answer.yield(.failure(tooLate)) }
        if isWrite { unfinished = work }
        defer {
            urgency.giveUp = nil
            timer?.cancel()
            // A driver may not hear it: nobody waits for it.
            work.cancel()
        }
        guard let outcome = await answers.first(where: { _ in true }) else { throw CancellationError() }
        return try outcome.get()
    }

    /// - Parameter isCut: whether it ends when the task is cancelled; otherwise it only does not begin then.
    private static func outcome<Answer: Sendable>(
        of request: @escaping @Sendable (any SecretStore) async throws -> Answer, at store: any SecretStore, isCut: Bool
    ) async -> Result<Answer, any Error> {
        do {
            try Task.checkCancellation()
            guard isCut else { return await Task { try await request(store) }.result }
            return .success(try await request(store))
        } catch {
            return .failure(error)
        }
    }
}

/// Whether something cannot wait for a store.
struct StoreUrgency {
    /// Revocations that wait for their turn.
    var waiting = 0
    /// Until when the revocation whose turn it is waits for the store.
    private(set) var deadline: ContinuousClock.Instant?
    /// That revocation counts already: what it has left to do can wait.
    private var hasEnded = false
    /// Ends the wait for the store's answer.
    var giveUp: (@Sendable () -> Void)?

    /// Whether what runs has to make way.
    var isPressing: Bool { waiting > 0 && makesWay }
    private var makesWay: Bool { deadline == nil || hasEnded }

    mutating func isWanted() {
        waiting += 1
        if makesWay { giveUp?() }
    }

    mutating func begin(longest: Duration) {
        (deadline, hasEnded) = (.now + longest, false)
    }

    mutating func keyHasEnded(longest: Duration) {
        if deadline != nil { (deadline, hasEnded) = (.now + longest, true) }
    }

    mutating func end() { (deadline, hasEnded) = (nil, false) }
}
