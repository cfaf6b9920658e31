internal import AuditClient
internal import FoundationEssentials
internal import Logging
internal import MeshCall
internal import Secrets
internal import Storage

/// The keys of one kind that lie in a secret store: follows what happens to them there, rotates and revokes them, and hands those that count to
/// whoever uses them. No restart is needed for any of it.
public actor StoredKeyring {
    /// Takes over the keys that count now.
    public typealias Apply = @Sendable (HeldKeys) async throws -> Void

    /// How often a store is asked whether a version has changed.
    public static let usualInterval = Duration.seconds(5)
    private static let tick = Duration.milliseconds(250)
    static let longestRetry = Duration.seconds(30)
    /// Changes that wait for another to end.
    private static let mostWaiting = 8

    let plan: StoredKeyPlan
    let place: KeyringPlace
    let apply: Apply
    var store: any SecretStore { place.store }
    var history = KeyHistory()
    var held: [StoredKey] = []
    var lastVersions: [SecretVersion]?
    /// What the store had when nothing of it could be used: not read again as long as it is that.
    private var barren: [SecretVersion]?
    /// Versions whose keys are gone and whose values are to be destroyed in the store: with their keys' ids.
    var undestroyed: [String: String] = [:]
    /// Why the keys are put away, while they are.
    var away: SecretStoreError?
    private var answered = ContinuousClock.now
    private var lastTrouble = ""
    var urgency = StoreUrgency()
    /// The last write, which may have been given up before its answer.
    var unfinished: Task<Void, Never>?
    /// A revoked key has no successor yet: the next look is not put off, not by a failure before either.
    var looksSoon = false
    /// A change runs, and these wait for it to end: an actor alone lets others in at each of its awaits.
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - apply: called at the start and after each change, one call at a time. What it throws leaves the keys as they were in use.
    public init(_ plan: StoredKeyPlan, in place: KeyringPlace, apply: @escaping Apply) {
        self.plan = plan
        self.place = place
        self.apply = apply
    }

    var now: Int64 { Int64(place.clock().timeIntervalSince1970) }

    /// Reads the keys for the first time.
    ///
    /// - Throws: `SecretStoreError`, storage errors, what `apply` throws.
    public func start() async throws {
        let (kind, areMadeElsewhere) = (plan.kind, plan.make == nil)
        history = try await place.database.readAll { db in
            var history = try KeyHistoryTable.read(kind, in: db)
            if areMadeElsewhere { try KeyHistoryTable.readRequests(of: kind, into: &history, in: db) }
            return history
        }
        try await exclusively { try await takeUp(by: change("start")) }
    }

    /// Asks the store now, for whoever has heard that a key is refused where it is used.
    public func lookAgain() async throws {
        try await exclusively {
            try await ask()
            try await destroyRest()
        }
    }

    /// Follows the store and the clock until cancelled.
    ///
    /// - Parameter interval: between two questions to the store.
    public func run(every interval: Duration = usualInterval) async throws {
        var asked = ContinuousClock.now
        var failures = 0
        while true {
            try await Task.sleep(for: Self.tick)
            do {
                let isTime = looksSoon || ContinuousClock.now - asked >= interval
                if isTime { (asked, looksSoon) = (.now, false) }
                try await exclusively { try await look(store: isTime) }
                if isTime { (lastTrouble, failures) = ("", 0) }
            } catch let error as CancellationError {
                throw error
            } catch {
                tell(error)
                // Each try may be an event in the audit log.
                try await pause(min(interval * (1 << min(failures, 8)), Self.longestRetry))
                failures += 1
            }
        }
    }

    private func pause(_ time: Duration) async throws {
        let end = ContinuousClock.now + time
        while !looksSoon, .now < end { try await Task.sleep(for: min(Self.tick, end - .now)) }
    }

    /// Once, until it is over.
    private func tell(_ trouble: any Error) {
        defer { lastTrouble = "\(trouble)" }
        guard lastTrouble != "\(trouble)" else { return }
        place.logger.error("keys are not followed", metadata: ["kind": "\(plan.kind.rawValue)", "why": "\(trouble)"])
    }

    /// Returns when no change runs. For tests.
    func settle() async throws { try await exclusively {} }

    func exclusively<T>(_ body: () async throws -> T) async throws -> T {
        try await enter()
        defer { leave() }
        return try await body()
    }

    /// Before all that waits, and without waiting for a store that is silent. What wraps data is not cut short: the data would be lost.
    func urgently<T>(_ body: () async throws -> T) async throws -> T {
        guard !plan.wrapsData else { return try await exclusively(body) }
        urgency.isWanted()
        do {
            defer { urgency.waiting -= 1 }
            try await enter(first: true)
        }
        urgency.begin(longest: Self.longestWaitToRevoke)
        defer {
            urgency.end()
            leave()
        }
        return try await body()
    }

    private func enter(first: Bool = false) async throws {
        guard waiting.count < (first ? 2 : 1) * Self.mostWaiting else {
            throw RPCError(.resourceExhausted, "Too many changes of these keys at once.", reason: "TOO_MANY_CHANGES", retryAfter: .seconds(1))
        }
        guard isBusy else { return isBusy = true }
        // Whoever leaves hands its turn over.
        await withCheckedContinuation { waiting.insert($0, at: first ? 0 : waiting.count) }
    }

    private func leave() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }

    /// By nobody who called: by what was found in the store, or by the clock.
    func change(_ reason: String) -> KeyChange {
        KeyChange(actor: .service(place.service), reason: reason)
    }

    private func look(store isDue: Bool) async throws {
        for id in history.dueToEnd(at: now, overlap: plan.overlap) where held.contains(where: { $0.id == id }) {
            try await end(id, .ended, by: change("its overlap is over"))
        }
        if isDue {
            try await ask()
            try await destroyRest()
        }
        if let id = history.dueToActivate(at: now), let key = held.first(where: { $0.id == id }) {
            try await asking(toWrite: true) { [plan] in try await $0.move(.current, of: plan.secret, to: key.version) }
            try await refresh(by: change("its time has come"))
        }
    }

    private func ask() async throws {
        do {
            let versions = try await versions()
            answered = .now
            if versions != lastVersions || (held.isEmpty && versions != barren) { try await takeUp(by: change("changed in the secret store")) }
        } catch let error as SecretStoreError where error.cause.isTransient {
            // A store that does not answer may have revoked the keys long ago.
            if let longest = place.longestSilence, .now - answered >= longest, !urgency.isPressing { try await putAway(because: error) }
            throw error
        } catch let error as SecretStoreError where isRevokedInUse(error) {
            try await takeUp(by: change("changed in the secret store"))
        } catch let error as SecretStoreError where error.cause.isAbsence || error.cause.isDenial {
            // The store answers, and what it says is no.
            try await putAway(because: error)
            throw error
        }
    }

    /// What the store has; none is as good for a service that can do without.
    func takeUp(by change: KeyChange) async throws {
        guard plan.isOptional else { return try await refreshOrReplace(by: change) }
        let versions = try await versions()
        guard versions.contains(where: { $0.stages.contains(.current) && !$0.isRevoked }) else { return try await doWithout(versions, by: change) }
        do {
            try await refresh(by: change)
        } catch KeyHistory.Failure.cameBack {
            // Revoked here, in use there: its store could not destroy it.
            try await doWithout(versions, by: change)
        }
    }

    /// A key that was revoked while its store was silent is still in use there, or nothing is: with nothing else to use, another takes its place.
    private func refreshOrReplace(by change: KeyChange) async throws {
        do {
            try await refresh(by: change)
        } catch let error where isRevokedInUse(error) {
            let next = try await value(at: .pending)
            let isGone = try next.map { history.entries[try plan.identify($0.bytes)]?.record.state == .gone } ?? true
            try await advance(to: isGone ? nil : next?.version.id)
            try await refresh(by: self.change("the key in use was revoked"))
        } catch KeyHistory.Failure.cameBack(let revoked) {
            // Put to use there by a write that was given up when the key was revoked: the one that is in use here takes its place back.
            guard let version = try await versionInUse() else { throw KeyHistory.Failure.cameBack(revoked) }
            try await advance(to: version)
            try await refresh(by: self.change("a revoked key was in use in the secret store"))
        }
    }

    /// Where the store still has the key that is in use here, though another is in use there.
    private func versionInUse() async throws -> String? {
        guard let id = history.active?.id else { return nil }
        for stage in [SecretStage.previous, .pending] {
            if let value = try await value(at: stage), try plan.identify(value.bytes) == id { return value.version.id }
        }
        return nil
    }

    private func isRevokedInUse(_ error: any Error) -> Bool {
        guard !plan.wrapsData, history.active == nil else { return false }
        if case KeyHistory.Failure.cameBack = error { return true }
        // One that has never had a key here is not set up; one whose last key was ended here wants another.
        return (error as? SecretStoreError)?.cause.isAbsence == true && !history.entries.isEmpty
    }

    private func doWithout(_ versions: [SecretVersion], by change: KeyChange) async throws {
        let ended = history.entries.values.map(\.record).filter { [.active, .retiring].contains($0.state) }
        if !ended.isEmpty || !held.isEmpty {
            var after = history
            for key in ended { after.end(key.id, now: now) }
            try await use(after, [], telling: ended.map { AuditEvent(.ended, of: $0.id, plan.kind, by: change) })
        }
        (lastVersions, barren) = (versions, versions)
    }

    private func putAway(because error: SecretStoreError) async throws {
        guard !held.isEmpty else { return }
        place.logger.error("keys are put away", metadata: ["kind": "\(plan.kind.rawValue)", "why": "\(error)"])
        try await apply(HeldKeys(putAway: error))
        (held, away) = ([], error)
    }
}
