internal import Secrets

/// What a service remembers of the keys that its secret store gave it: the store knows versions and stages, not since when. A pure value.
struct KeyHistory: Sendable, Equatable {
    /// A key as the store has it now.
    struct Found: Sendable, Equatable {
        var id: String
        var stage: SecretStage
        /// Seconds since 1970; nil where the store does not say.
        var createdAt: Int64?
    }

    struct Entry: Sendable, Equatable {
        var record: KeyRecord
        /// When a pending key is to be put to use; nil leaves it to whoever put it there.
        var activateAt: Int64?
    }

    enum Failure: Error, Equatable {
        /// The store has nothing in use.
        case noKey
        /// A key that is gone is in use again in the store.
        case cameBack(String)
    }

    private(set) var entries: [String: Entry]

    init(_ entries: [String: Entry] = [:]) {
        self.entries = entries
    }

    /// Takes in what the store has now.
    ///
    /// - Returns: the keys that changed their state or are new.
    mutating func take(_ found: [Found], now: Int64) throws(Failure) -> [KeyRecord] {
        guard let current = found.first(where: { $0.stage == .current }) else { throw .noKey }
        guard entries[current.id]?.record.state != .gone else { throw .cameBack(current.id) }
        let isFirst = entries.isEmpty
        let before = entries
        enter(current, as: .active, at: isFirst ? current.createdAt ?? now : now, now: now)
        for key in found where key.id != current.id && entries[key.id]?.record.state != .gone {
            enter(key, as: key.stage == .pending ? .pending : .retiring, at: now, now: now)
        }
        let ids = Set(found.map(\.id))
        for id in entries.keys where !ids.contains(id) { end(id, now: now) }
        return entries.values.map(\.record).filter { before[$0.id]?.record.state != $0.state }
    }

    /// - Parameter time: when it came into this state.
    private mutating func enter(_ key: Found, as state: KeyState, at time: Int64, now: Int64) {
        var entry = entries[key.id] ?? Entry(record: KeyRecord(id: key.id, state: .pending, createdAt: key.createdAt ?? now))
        guard entry.record.state != state || entries[key.id] == nil else { return }
        entry.record.state = state
        if state != .pending { entry.activateAt = nil }
        if state == .active { (entry.record.activatedAt, entry.record.retiredAt) = (time, nil) }
        if state == .retiring { entry.record.retiredAt = time }
        entries[key.id] = entry
    }

    /// The key is gone, whatever the store may still have.
    mutating func end(_ id: String, now: Int64) {
        guard var entry = entries[id], entry.record.state != .gone else { return }
        (entry.record.state, entry.record.goneAt, entry.activateAt) = (.gone, now, nil)
        entries[id] = entry
    }

    /// Says when a key is to be put to use, if it is pending.
    mutating func activate(_ id: String, at time: Int64) {
        guard entries[id]?.record.state == .pending else { return }
        entries[id]?.activateAt = time
    }

    /// Whoever makes such keys is to make another in its place.
    mutating func request(_ id: String, because reason: String) {
        entries[id]?.record.rotationRequested = reason
    }

    var active: KeyRecord? { entries.values.first { $0.record.state == .active }?.record }
    var pending: KeyRecord? { entries.values.first { $0.record.state == .pending }?.record }

    /// The pending key whose time has come.
    func dueToActivate(at now: Int64) -> String? {
        entries.values.first { $0.record.state == .pending && ($0.activateAt ?? .max) <= now }?.record.id
    }

    /// Retired keys whose overlap is over.
    func dueToEnd(at now: Int64, overlap: Int64) -> [String] {
        entries.values.filter { $0.record.state == .retiring && now - ($0.record.retiredAt ?? now) >= overlap }.map(\.record.id)
    }
}
