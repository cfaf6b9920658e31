internal import AuditClient
internal import FoundationEssentials
internal import Secrets
internal import Storage

/// Reads what the store has, hands it to whoever uses it, and writes down what has become of each key.
extension StoredKeyring {
    /// - Parameter activating: a pending key and when it is to be put to use.
    func refresh(by change: KeyChange, activating: (id: String, at: Int64)? = nil) async throws {
        let versions = try await versions()
        let found = try await read()
        // Values are read one after the other: what was moved between two of them is looked at again.
        guard try await self.versions() == versions else {
            throw SecretStoreError(store: store.kind, secret: plan.secret, cause: .conflict("its stages change just now"))
        }
        // A process before this one may have ended them without destroying them.
        for (key, stage, _) in found where history.entries[key.id]?.record.state == .gone && (stage != .current || plan.isOptional) {
            undestroyed[key.version] = key.id
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
    func versions() async throws -> [SecretVersion] {
        do {
            return try await asking { [plan] in try await $0.versions(of: plan.secret) }.sorted { $0.id < $1.id }
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

    func value(at stage: SecretStage) async throws -> SecretValue? {
        do {
            return try await asking { [plan] in try await $0.value(of: plan.secret, at: stage) }
        } catch let error as SecretStoreError where stage != .current && error.cause.isAbsence {
            return nil
        }
    }

    /// What the users cannot take, or the database cannot keep, is not remembered as done: the next look does it again.
    func use(_ after: KeyHistory, _ counting: [StoredKey], telling events: [AuditEvent]) async throws {
        let before = (history, held)
        (history, held) = (after, counting)
        do {
            // A key that ends while all are put away brings none of the others back, and takes none of them away.
            if let away, counting.isEmpty { try await apply(HeldKeys(putAway: away)) } else { try await apply(HeldKeys(counting)) }
            if !counting.isEmpty { away = nil }
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
