public import Crypto
public import Cryptography
public import GRDB
internal import MeshCall
internal import Secrets
internal import Storage
internal import Synchronization

/// A service's data keys, which seal its database, and the key from the secret store that wraps them. Rotating the latter wraps a few rows
/// anew and leaves the data alone.
public final class DataKeyring: Sendable {
    /// Gives the first key of a purpose where the database was sealed before there were wrapped keys; nil: make a random one.
    public typealias Inherit = @Sendable (_ purpose: String, _ root: SymmetricKey, _ db: Database) throws -> SymmetricKey?

    /// Name of the secret with the wrapping key.
    public static let secret = "data-key"
    /// Seconds for which a wrapping key that retired can still open copies of the database from before.
    static let usualOverlap: Int64 = 86400

    private let purposes: [String]
    private let database: ServiceDatabase
    private let inherit: Inherit
    private let state = Mutex(State())

    private struct State {
        /// Unwrapped, by purpose and id.
        var keys: [String: [UInt32: SymmetricKey]] = [:]
        /// Why there are none though there were.
        var failure: SecretStoreError?
    }

    /// Purpose of the one data key of a service that seals columns only.
    public static let columns = "columns"

    /// For a service whose columns an earlier release sealed with a key derived from the root secret.
    ///
    /// - Parameter tables: those with sealed columns.
    public static func inheritColumns(of tables: [String]) -> Inherit {
        { purpose, root, db in
            let isSealed = try tables.contains { try Row.fetchOne(db, sql: "SELECT 1 FROM \($0) LIMIT 1") != nil }
            return purpose == columns && isSealed ? ColumnCipher.derivedKey(from: root) : nil
        }
    }

    init(purposes: [String], database: ServiceDatabase, inherit: @escaping Inherit) {
        self.purposes = purposes
        self.database = database
        self.inherit = inherit
    }

    /// Opens the data keys of a database, after making those that are missing.
    ///
    /// - Returns: the data keys, and the keyring of their wrapping key, which the service runs and hands to its `RunningService`.
    /// - Throws: `SecretStoreError`; `DataKeyFailure` when the database was made under another key.
    public static func open(
        _ purposes: [String], in place: KeyringPlace, schedule: KeySchedule = KeySchedule(), inherit: @escaping Inherit = { _, _, _ in nil }
    ) async throws -> (data: DataKeyring, wrapping: StoredKeyring) {
        let data = DataKeyring(purposes: purposes, database: place.database, inherit: inherit)
        let plan = StoredKeyPlan(
            kind: .dataEncryption, secret: secret, lead: 0, overlap: schedule.overlapSeconds ?? usualOverlap, keepsLast: false, wrapsData: true,
            identify: StoredKey.fingerprint)
        let wrapping = StoredKeyring(plan, in: place) { try await data.take($0) }
        try await wrapping.start()
        return (data, wrapping)
    }

    /// The data key of a purpose, as it is at each use.
    ///
    /// - Throws: `DataKeyFailure.missing`. At its use: `RPCError` UNAVAILABLE, DATA_KEYS_UNAVAILABLE, while the secret store gives no wrapping key.
    public func key(_ purpose: String) throws -> KeySource {
        _ = try newest(purpose)
        return KeySource { [self] in try newest(purpose).key }
    }

    /// Seals columns with the data keys of a purpose.
    ///
    /// - Throws: as `key`, and when.
    public func cipher(_ purpose: String) throws -> ColumnCipher {
        let cipher = ColumnCipher { [self] in
            let newest = try newest(purpose)
            return try ColumnCipher.Keys(newest.all, current: newest.id)
        }
        try cipher.check()
        return cipher
    }

    private func newest(_ purpose: String) throws -> (id: UInt32, key: SymmetricKey, all: [UInt32: SymmetricKey]) {
        let (all, failure) = state.withLock { ($0.keys[purpose], $0.failure) }
        if let failure {
            throw RPCError(
                .unavailable, "What is sealed here cannot be opened now: the secret store gives no key.", reason: "DATA_KEYS_UNAVAILABLE", cause: failure)
        }
        guard let all, let id = all.keys.max(), let key = all[id] else { throw DataKeyFailure.missing(purpose) }
        return (id, key, all)
    }

    /// Sees to it that every data key is there and wrapped by the key in use: in one transaction.
    func take(_ held: HeldKeys) async throws {
        // What a store that is silent for too long once let us unwrap may be used as long as its own keys, and no longer.
        if let failure = held.failure { return state.withLock { $0 = State(failure: failure) } }
        try await wrap(under: held.keys)
    }

    private func wrap(under roots: [StoredKey]) async throws {
        // Unwrapped once, a key can be wrapped anew whatever became of the key that wrapped it.
        let known = state.withLock(\.keys)
        let all = try await database.write { [self] db in
            let wrappings = Dictionary(uniqueKeysWithValues: roots.map { ($0.id, KeyWrapping(rootSecret: $0.value.symmetricKey)) })
            guard let active = roots.first(where: { $0.state == .active }), let wrapping = wrappings[active.id] else {
                throw DataKeyFailure.missing(Self.secret)
            }
            var keys: [String: [UInt32: SymmetricKey]] = [:]
            for var entry in try DataKeyTable.all(in: db) {
                let key = try known[entry.purpose]?[entry.id] ?? Self.unwrap(entry, with: wrappings, inUse: active.id)
                keys[entry.purpose, default: [:]][entry.id] = key
                guard entry.wrappedBy != active.id else { continue }
                (entry.wrapped, entry.wrappedBy) = (try wrapping.wrap(key), active.id)
                try DataKeyTable.put(entry, in: db)
            }
            // Where nothing was ever wrapped, an earlier release sealed with the key itself: with the one that was in use then.
            let former = keys.isEmpty ? roots.first { $0.state == .retiring } : nil
            for purpose in purposes where keys[purpose] == nil {
                let key = try inherit(purpose, (former ?? active).value.symmetricKey, db) ?? SymmetricKey(size: .bits256)
                keys[purpose] = [1: key]
                try DataKeyTable.put(.init(purpose: purpose, id: 1, wrapped: try wrapping.wrap(key), wrappedBy: active.id), in: db)
            }
            return keys
        }
        state.withLock { $0 = State(keys: all) }
    }

    private static func unwrap(_ entry: DataKeyTable.Entry, with wrappings: [String: KeyWrapping], inUse: String) throws -> SymmetricKey {
        let candidates = entry.wrappedBy.isEmpty ? Array(wrappings.values) : [wrappings[entry.wrappedBy]].compactMap(\.self)
        guard let key = candidates.lazy.compactMap({ try? $0.unwrap(entry.wrapped) }).first else {
            throw DataKeyFailure.otherKey(purpose: entry.purpose, wrappedBy: entry.wrappedBy, given: inUse)
        }
        return key
    }
}

/// Why a database's data keys cannot be had.
public enum DataKeyFailure: Error, Equatable, CustomStringConvertible {
    case missing(String)
    case otherKey(purpose: String, wrappedBy: String, given: String)

    public var description: String {
        switch self {
        case .missing(let purpose): "there is no data key for \(purpose)"
        case .otherKey(let purpose, let wrappedBy, let given):
            "the database's key for \(purpose) is wrapped by data-key "
                + "\(wrappedBy.isEmpty ? "of an earlier release" : wrappedBy), and the secret store has \(given)"
        }
    }
}
