internal import AuditClient
internal import Logging
internal import MeshCall
internal import Secrets
internal import Storage

/// Rotation and revocation, one change at a time.
extension StoredKeyring {
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
        try await toTheEnd { try await self.urgently { try await self.revokeInTurn(id, by: change) } }
    }

    private func revokeInTurn(_ id: String, by change: KeyChange) async throws -> KeyOutcome {
        guard let entry = history.entries[id] else { throw RPCError.unknownKey }
        var notes: [String] = []
        if entry.record.state == .active, plan.isOptional, history.pending == nil {
            notes.append("Nothing takes its place but what lies in the secret store as \(plan.secret).")
        } else if entry.record.state == .active {
            notes.append(try await replaceOrGoWithout(by: change))
        }
        if entry.record.state != .gone { try await end(id, .revoked, by: change) }
        if plan.isOptional { await takeUpSoon() }
        guard let key = history.entries[id]?.record else { throw RPCError.unknownKey }
        return KeyOutcome(key, notes: notes)
    }

    /// Revoked is revoked, whether or not the store can give another. Only what wraps data waits for that: the data would be lost.
    private func replaceOrGoWithout(by change: KeyChange) async throws -> String {
        do {
            return "Another key took its place: \(try await replace(by: change))"
        } catch let error where endsWithoutAnother(because: error) {
            looksSoon = true
            let why = (error as? SecretStoreError).map { "\($0.cause)" } ?? "a revoked key is in use there"
            return "Nothing takes its place until the secret store takes another; that is then taken up by itself. It says now: \(why)"
        }
    }

    private func endsWithoutAnother(because error: any Error) -> Bool {
        (plan.make != nil || plan.isOptional) && !plan.wrapsData && (error is SecretStoreError || error is KeyHistory.Failure)
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
        try await advance(to: held.first { $0.state == .pending }?.version)
        try await refresh(by: change)
        return history.active?.id ?? ""
    }

    /// Puts the key to use that waits in the store, or a new one.
    func advance(to waiting: String?) async throws {
        if let waiting {
            try await writing { [plan] in try await $0.move(.current, of: plan.secret, to: waiting) }
        } else {
            guard let make = plan.make else {
                throw RPCError.keyPrecondition(
                    "Nothing would be in use: put the next key into the secret store as \(plan.secret) first, then revoke.", "KEY_IN_USE")
            }
            try await put(try make(), at: .current)
        }
    }

    private func put(_ value: SecretBytes, at stage: SecretStage) async throws {
        try await writing { [plan] in _ = try await $0.put(value, as: plan.secret, at: stage) }
    }

    private func writing(_ request: @escaping @Sendable (any SecretStore) async throws -> Void) async throws {
        do {
            try await asking(toWrite: true, request)
        } catch let error as SecretStoreError where error.cause == .readOnly {
            throw RPCError.keyPrecondition(
                "This process may only read its secret store: put the next \(plan.secret) there yourself, it is taken up by itself.",
                "STORE_READ_ONLY", cause: error)
        }
    }

    /// The key no longer counts here, and its value is destroyed where this process may do so.
    func end(_ id: String, _ event: KeyEvent, by change: KeyChange) async throws {
        let version = held.first { $0.id == id }?.version
        var after = history
        after.end(id, now: now)
        try await use(after, held.filter { $0.id != id }, telling: [AuditEvent(event, of: id, plan.kind, by: change)])
        // Whatever else has changed meanwhile is seen at the next look.
        lastVersions = nil
        urgency.keyHasEnded(longest: Self.longestWaitToRevoke)
        guard let version else { return }
        undestroyed[version] = id
        // Where the store is silent, the next look does it; and not before another is in use: a store in which nothing is has nothing to say.
        if plan.isOptional || held.contains(where: { $0.state == .active }) { try? await destroyRest() }
    }

    /// Destroys the values of keys that are gone, where this process may, and not what is in use in the store: another has to be put there first.
    ///
    /// - Throws: `SecretStoreError` while the store is silent: the rest is tried again.
    func destroyRest() async throws {
        guard !undestroyed.isEmpty else { return }
        let inUse = plan.isOptional ? [] : Set(try await versions().filter { $0.stages.contains(.current) }.map(\.id))
        for (version, id) in undestroyed where !inUse.contains(version) {
            do {
                try await asking(toWrite: true) { [plan] in try await $0.revoke(version, of: plan.secret) }
            } catch let error as SecretStoreError where error.cause.isTransient {
                throw error
            } catch let error as SecretStoreError where error.cause.isConflict {
                // Somebody else is at it: the next look tries again.
                continue
            } catch let error as SecretStoreError where error.cause.isAbsence {
                // Somebody else has done it.
            } catch let error as SecretStoreError {
                place.logger.warning(
                    "a key that is gone stays in the secret store: remove it there",
                    metadata: ["kind": "\(plan.kind.rawValue)", "key": "\(id)", "why": "\(error)"])
            }
            undestroyed[version] = nil
        }
    }
}
