internal import AuditClient
internal import FoundationEssentials
internal import Logging
internal import MeshCall
internal import Secrets
internal import Storage

/// The keys of one kind that lie in a secret store: follows what happens to them there, rotates and revokes them, and hands those that count to
/// whoever uses them. No restart is needed for any of it.
public actor StoredKeyring {
    /// Takes over the keys that count now: exactly one active, perhaps a pending one, perhaps a retiring one. None at all when the store
    /// has not answered for longer than its values may be used.
    public typealias Apply = @Sendable ([StoredKey]) async throws -> Void

    /// How often a store is asked whether a version has changed.
    public static let usualInterval = Duration.seconds(5)
    private static let tick = Duration.milliseconds(250)
    static let longestRetry = Duration.seconds(30)
    /// Changes that wait for another to end.
    private static let mostWaiting = 8

    let plan: StoredKeyPlan
    private let place: KeyringPlace
    private let apply: Apply
    private var store: any SecretStore { place.store }
    private(set) var history = KeyHistory()
    private(set) var held: [StoredKey] = []
    private var lastVersions: [SecretVersion]?
    /// What the store had when nothing of it could be used: not read again as long as it is that.
    private var barren: [SecretVersion]?
    private var answered = ContinuousClock.now
    private var lastTrouble = ""
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

    private var now: Int64 { Int64(place.clock().timeIntervalSince1970) }

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
        try await exclusively { try await ask() }
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
                let isTime = ContinuousClock.now - asked >= interval
                if isTime { asked = .now }
                try await exclusively { try await look(store: isTime) }
                if isTime { (lastTrouble, failures) = ("", 0) }
            } catch let error as CancellationError {
                throw error
            } catch {
                tell(error)
                // Each try may be an event in the audit log.
                try await Task.sleep(for: min(interval * (1 << min(failures, 8)), Self.longestRetry))
                failures += 1
            }
        }
    }

    /// Once, until it is over.
    private func tell(_ trouble: any Error) {
        defer { lastTrouble = "\(trouble)" }
        guard lastTrouble != "\(trouble)" else { return }
        place.logger.error("keys are not followed", metadata: ["kind": "\(plan.kind.rawValue)", "why": "\(trouble)"])
    }

    /// Returns when no change runs. For tests.
    func settle() async throws { try await exclusively {} }

    private func exclusively<T>(_ body: () async throws -> T) async throws -> T {
        guard waiting.count < Self.mostWaiting else {
            throw RPCError(.resourceExhausted, "Too many changes of these keys at once.", reason: "TOO_MANY_CHANGES", retryAfter: .seconds(1))
        }
        if isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
        return try await body()
    }

    /// By nobody who called: by what was found in the store, or by the clock.
    private func change(_ reason: String) -> KeyChange {
        KeyChange(actor: .service(place.service), reason: reason)
    }

    private func look(store asking: Bool) async throws {
        for id in history.dueToEnd(at: now, overlap: plan.overlap) where held.contains(where: { $0.id == id }) {
            try await end(id, .ended, by: change("its overlap is over"))
        }
        if asking { try await ask() }
        if let id = history.dueToActivate(at: now), let key = held.first(where: { $0.id == id }) {
            try await store.move(.current, of: plan.secret, to: key.version)
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
            if let longest = place.longestSilence, .now - answered >= longest { try await putAway(because: error) }
            throw error
        } catch let error as SecretStoreError where error.cause.isAbsence || error.cause.isDenial {
            // The store answers, and what it says is no.
            try await putAway(because: error)
            throw error
        }
    }

    /// What the store has; none is as good for a service that can do without.
    private func takeUp(by change: KeyChange) async throws {
        guard plan.isOptional else { return try await refresh(by: change) }
        let versions = try await versions()
        guard versions.contains(where: { $0.stages.contains(.current) && !$0.isRevoked }) else { return try await doWithout(versions, by: change) }
        do {
            try await refresh(by: change)
        } catch KeyHistory.Failure.cameBack {
            // Revoked here, in use there: its store could not destroy it.
            try await doWithout(versions, by: change)
        }
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
        try await apply([])
        held = []
    }

    // MARK: - Changes

    func rotate(by change: KeyChange) async throws -> KeyOutcome {
        try await toTheEnd { try await self.exclusively { try await self.rotateInTurn(by: change) } }
    }

    /// A caller that goes away does not cut a change in the middle.
    private nonisolated func toTheEnd(_ body: @escaping @Sendable () async throws -> KeyOutcome) async throws -> KeyOutcome {
        try await Task { try await body() }.value
    }

    private func rotateInTurn(by change: KeyChange) async throws -> KeyOutcome {
        guard let make = plan.make else { return try await request(by: change) }
        // What is in the store is taken up first: a second change must not push out of it what was not.
        try await refresh(by: self.change("changed in the secret store"))
        if let pending = history.pending {
            if history.entries[pending.id]?.activateAt == nil {
                // Left by a process that died, or put there by hand: asked to rotate, it is the next.
                try await refresh(by: change, activating: (pending.id, now + plan.lead))
                return KeyOutcome(history.entries[pending.id]?.record ?? pending, notes: notes(on: pending))
            }
            throw RPCError.keyPrecondition("A new key waits already: \(pending.id). It comes into use by itself, or revoke it.", "ROTATION_UNDER_WAY")
        }
        if plan.keepsLast, let retiring = held.first(where: { $0.state == .retiring }) {
            let since = history.entries[retiring.id]?.record.retiredAt ?? now
            throw RPCError.keyPrecondition(
                "The key before still counts for \(max(0, since + plan.overlap - now)) s: rotate then, or revoke \(retiring.id) now.", "LAST_STILL_COUNTS")
        }
        let value = try make()
        let id = try plan.identify(value)
        try await put(value, at: plan.lead == 0 ? .current : .pending)
        try await refresh(by: change, activating: (id, now + plan.lead))
        guard let key = history.entries[id]?.record else { throw KeyHistory.Failure.noKey }
        return KeyOutcome(key, notes: notes(on: key))
    }

    /// Only somebody else can make the next one: they are to be told.
    private func request(by change: KeyChange) async throws -> KeyOutcome {
        let what = "put the next one into the secret store as \(plan.secret), it is taken up by itself"
        guard let id = history.active?.id else { throw RPCError.keyPrecondition("None is in use: \(what).", "MADE_ELSEWHERE") }
        try await place.database.write { [kind = plan.kind, tell = place.tell] db in
            try KeyHistoryTable.writeRequest(of: id, kind, because: change.reason, in: db)
            try tell(AuditEvent(.rotationRequested, of: id, kind, by: change), db)
        }
        history.request(id, because: change.reason)
        guard let key = history.active else { throw RPCError.unknownKey }
        return KeyOutcome(key, notes: ["It is made elsewhere: \(what). Until then this one stays in use, and counts as overdue."])
    }

    private func notes(on key: KeyRecord) -> [String] {
        let overlap = "The one before it counts for another \(plan.overlap) s, then it is gone."
        return key.state == .pending ? ["It comes into use in \(plan.lead) s.", overlap] : [overlap]
    }

    func revoke(_ id: String, by change: KeyChange) async throws -> KeyOutcome {
        try await toTheEnd { try await self.exclusively { try await self.revokeInTurn(id, by: change) } }
    }

    private func revokeInTurn(_ id: String, by change: KeyChange) async throws -> KeyOutcome {
        guard let entry = history.entries[id] else { throw RPCError.unknownKey }
        var notes: [String] = []
        if entry.record.state == .active, plan.isOptional, history.pending == nil {
            notes.append("Nothing takes its place but what lies in the secret store as \(plan.secret).")
        } else if entry.record.state == .active {
            notes.append("Another key took its place: \(try await replace(by: change))")
        }
        if entry.record.state != .gone { try await end(id, .revoked, by: change) }
        if plan.isOptional { await takeUpSoon() }
        guard let key = history.entries[id]?.record else { throw RPCError.unknownKey }
        return KeyOutcome(key, notes: notes)
    }

    /// What was put there meanwhile; where that fails, the next look does it.
    private func takeUpSoon() async {
        do {
            try await takeUp(by: change("changed in the secret store"))
        } catch {
            lastVersions = nil
        }
    }

    /// At once: what is revoked does not wait until everybody knows the next.
    private func replace(by change: KeyChange) async throws -> String {
        try await refresh(by: self.change("changed in the secret store"))
        if let waiting = held.first(where: { $0.state == .pending }) {
            try await writing { try await store.move(.current, of: plan.secret, to: waiting.version) }
        } else {
            guard let make = plan.make else {
                throw RPCError.keyPrecondition(
                    "Nothing would be in use: put the next key into the secret store as \(plan.secret) first, then revoke.", "KEY_IN_USE")
            }
            try await put(try make(), at: .current)
        }
        try await refresh(by: change)
        return history.active?.id ?? ""
    }

    private func put(_ value: SecretBytes, at stage: SecretStage) async throws {
        try await writing { _ = try await store.put(value, as: plan.secret, at: stage) }
    }

    private func writing(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as SecretStoreError where error.cause == .readOnly {
            throw RPCError.keyPrecondition(
                "This process may only read its secret store: put the next \(plan.secret) there yourself, it is taken up by itself.",
                "STORE_READ_ONLY", cause: error)
        }
    }

    /// The key no longer counts here, and its value is destroyed where this process may do so.
    private func end(_ id: String, _ event: KeyEvent, by change: KeyChange) async throws {
        let version = held.first { $0.id == id }?.version
        var after = history
        after.end(id, now: now)
        try await use(after, held.filter { $0.id != id }, telling: [AuditEvent(event, of: id, plan.kind, by: change)])
        // Whatever else has changed meanwhile is seen at the next look.
        lastVersions = nil
        guard let version else { return }
        do {
            try await store.revoke(version, of: plan.secret)
        } catch let error as SecretStoreError {
            place.logger.warning(
                "a key that is gone stays in the secret store: remove it there",
                metadata: ["kind": "\(plan.kind.rawValue)", "key": "\(id)", "why": "\(error)"])
        }
    }

    // MARK: - What the store has

    /// - Parameter activating: a pending key and when it is to be put to use.
    private func refresh(by change: KeyChange, activating: (id: String, at: Int64)? = nil) async throws {
        let versions = try await versions()
        let found = try await read()
        // Values are read one after the other: what was moved between two of them is looked at again.
        guard try await self.versions() == versions else {
            throw SecretStoreError(store: store.kind, secret: plan.secret, cause: .conflict("its stages change just now"))
        }
        var after = history
        let changed = try after.take(found.map { .init(id: $0.key.id, stage: $0.stage, createdAt: $0.createdAt) }, now: now)
        if let activating { after.activate(activating.id, at: activating.at) }
        let states = after.entries.mapValues(\.record.state)
        let counting = found.compactMap { found -> StoredKey? in
            guard let state = states[found.key.id], state != .gone else { return nil }
            return StoredKey(id: found.key.id, state: state, value: found.key.value, version: found.key.version)
        }
        try await use(after, counting, telling: events(changed, by: change))
        lastVersions = versions
    }

    /// In an order that says nothing: of two that were made in one moment a store may name either first.
    private func versions() async throws -> [SecretVersion] {
        do {
            return try await store.versions(of: plan.secret).sorted { $0.id < $1.id }
        } catch let error as SecretStoreError where plan.isOptional && error.cause.isAbsence {
            return []
        }
    }

    /// Every key once, those in use first.
    private func read() async throws -> [(key: StoredKey, stage: SecretStage, createdAt: Int64?)] {
        var found: [(key: StoredKey, stage: SecretStage, createdAt: Int64?)] = []
        for stage in [SecretStage.current, .pending, .previous] {
            guard let value = try await value(at: stage) else { continue }
            let id = try plan.identify(value.bytes)
            guard !found.contains(where: { $0.key.id == id }) else { continue }
            let key = StoredKey(id: id, state: .pending, value: value.bytes, version: value.version.id)
            found.append((key, stage, value.version.created.map { Int64($0.timeIntervalSince1970) }))
        }
        return found
    }

    private func value(at stage: SecretStage) async throws -> SecretValue? {
        do {
            return try await store.value(of: plan.secret, at: stage)
        } catch let error as SecretStoreError where stage != .current && error.cause.isAbsence {
            return nil
        }
    }

    /// What the users cannot take, or the database cannot keep, is not remembered as done: the next look does it again.
    private func use(_ after: KeyHistory, _ counting: [StoredKey], telling events: [AuditEvent]) async throws {
        let before = (history, held)
        (history, held) = (after, counting)
        do {
            try await apply(counting)
            try await record(after, events)
        } catch {
            // A key that was taken away stays away.
            let kept = Set(counting.map(\.id))
            (history, held) = (before.0, counting.count < before.1.count ? before.1.filter { kept.contains($0.id) } : before.1)
            lastVersions = nil
            throw error
        }
    }

    private func record(_ history: KeyHistory, _ events: [AuditEvent]) async throws {
        try await place.database.write { [kind = plan.kind, tell = place.tell] db in
            try KeyHistoryTable.write(history, of: kind, in: db)
            for event in events { try tell(event, db) }
        }
    }

    private func events(_ changed: [KeyRecord], by change: KeyChange) -> [AuditEvent] {
        changed.compactMap { key in
            let event: KeyEvent
            switch key.state {
            case .pending: event = .prepared
            case .active: event = .activated
            case .gone: event = .ended
            case .retiring: return nil
            }
            return AuditEvent(event, of: key.id, plan.kind, by: change)
        }
    }
}
