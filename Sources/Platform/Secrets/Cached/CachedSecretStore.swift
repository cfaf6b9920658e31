internal import Synchronization

/// Spares a store over the network, and bridges the time that it cannot be reached, within a policy.
///
/// Only values are kept, in memory. Whatever the store answers counts at once, a refusal too; only its silence lets an old value serve.
public struct CachedSecretStore: SecretStore {
    /// Values kept at most; the one longest unasked goes first.
    static let maximumCount = 256

    public var kind: String { store.kind }
    private let store: any SecretStore
    private let policy: CachePolicy
    private let now: @Sendable () -> ContinuousClock.Instant
    private let cache = Cache()

    private struct Key: Hashable {
        let name: String
        let stage: SecretStage
    }

    private struct Entry {
        let value: SecretValue
        let fetched: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// Counts what was forgotten: an answer to a question asked before that is not kept.
        var epoch: UInt64 = 0
    }

    private final class Cache: Sendable {
        let state = Mutex(State())
    }

    public init(
        _ store: any SecretStore, policy: CachePolicy, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.store = store
        self.policy = policy
        self.now = now
    }

    public func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        let key = Key(name: name, stage: stage)
        let (known, epoch) = cache.state.withLock { ($0.entries[key], $0.epoch) }
        if let known, known.fetched.duration(to: now()) < policy.maximumAge { return known.value }
        do {
            let asked = now()
            let value = try await store.value(of: name, at: stage)
            keep(Entry(value: value, fetched: asked), key, epoch)
            return value
        } catch let error as SecretStoreError where error.cause.isTransient {
            return try bridge(known, key, error)
        } catch let error as SecretStoreError {
            forget { $0 == key }
            throw error
        }
    }

    /// A value is forgotten whose version no longer bears its stage, or is revoked.
    public func versions(of name: String) async throws -> [SecretVersion] {
        let versions = try await store.versions(of: name)
        let stages = Dictionary(versions.filter { !$0.isRevoked }.map { ($0.id, $0.stages) }) { first, _ in first }
        let isStale = cache.state.withLock { state in
            state.entries.contains { $0.key.name == name && stages[$0.value.value.version.id]?.contains($0.key.stage) != true }
        }
        if isStale { forget(name) }
        return versions
    }

    @discardableResult
    public func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await changing(name) { try await store.put(value, as: name, at: stage) }
    }

    public func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await changing(name) { try await store.move(stage, of: name, to: version) }
    }

    public func revoke(_ version: String, of name: String) async throws {
        try await changing(name) { try await store.revoke(version, of: name) }
    }

    /// Forgets what is kept of a secret: the next request asks the store.
    public func forget(_ name: String) {
        forget { $0.name == name }
    }

    private func forget(_ isMeant: (Key) -> Bool) {
        cache.state.withLock { state in
            state.entries = state.entries.filter { !isMeant($0.key) }
            state.epoch &+= 1
        }
    }

    /// Also a change whose outcome is unknown makes what is kept doubtful.
    private func changing<Value>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        defer { forget(name) }
        return try await body()
    }

    private func keep(_ entry: Entry, _ key: Key, _ epoch: UInt64) {
        cache.state.withLock { state in
            guard state.epoch == epoch else { return }
            state.entries[key] = entry
            while state.entries.count > Self.maximumCount, let oldest = state.entries.min(by: { $0.value.fetched < $1.value.fetched })?.key {
                state.entries[oldest] = nil
            }
        }
    }

    private func bridge(_ known: Entry?, _ key: Key, _ error: SecretStoreError) throws -> SecretValue {
        guard let known else { throw error }
        let age = known.fetched.duration(to: now())
        guard age >= policy.maximumAge + policy.stale else { return known.value }
        // Not in memory longer than it may be used.
        forget { $0 == key }
        throw SecretStoreError(
            store: kind, secret: key.name,
            cause: .expired("the store last answered \(age.components.seconds) s ago; \(error.cause)"))
    }
}
