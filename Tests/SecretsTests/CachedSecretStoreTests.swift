import Secrets
import Synchronization
import Testing

@Suite("Secrets in a cache")
struct CachedSecretStoreTests {
    /// A sealed file whose key can be made to fail as a store does that cannot be reached.
    private struct FailingKey: WrappingKey {
        let key: MemoryWrappingKey
        let failure = Failure()

        final class Failure: Sendable {
            let cause = Mutex<SecretStoreError.Cause?>(nil)
            let asked = Mutex(0)
        }

        func wrap(_ dataKey: SecretBytes) async throws -> WrappedKey { try key.wrap(dataKey) }

        func unwrap(_ wrapped: WrappedKey) async throws -> SecretBytes {
            failure.asked.withLock { $0 += 1 }
            if let cause = failure.cause.withLock({ $0 }) { throw cause }
            return try key.unwrap(wrapped)
        }

        func fail(_ cause: SecretStoreError.Cause?) { failure.cause.withLock { $0 = cause } }
        var asked: Int { failure.asked.withLock { $0 } }
    }

    private final class Clock: Sendable {
        private let start = ContinuousClock.now
        private let passed = Mutex(Duration.zero)
        var now: ContinuousClock.Instant { start + passed.withLock { $0 } }
        func advance(_ seconds: Int) { passed.withLock { $0 += .seconds(seconds) } }
    }

    private let folder: PrivateFolder
    private let key: FailingKey
    private let clock = Clock()
    private let inner: SealedSecretStore
    private let store: CachedSecretStore

    init() async throws {
        folder = try PrivateFolder()
        key = FailingKey(key: try MemoryWrappingKey(SecretBytes(copying: [UInt8](repeating: 1, count: 32))))
        inner = SealedSecretStore(path: folder.path + "/a.sealed", owner: "a", environment: "development", key: key)
        let clock = clock
        store = CachedSecretStore(inner, policy: CachePolicy(maximumAgeSeconds: 60, staleSeconds: 600)) { clock.now }
        try await store.put(SecretBytes(copying: [1]), as: "data-key", at: .current)
    }

    private func current() async throws -> SecretBytes { try await store.secret(named: "data-key") }

    @Test("A value is not asked for again before its age")
    func fresh() async throws {
        _ = try await current()
        let asked = key.asked
        clock.advance(59)
        _ = try await current()
        #expect(key.asked == asked)
        clock.advance(1)
        _ = try await current()
        #expect(key.asked == asked + 1)
    }

    @Test("Out of reach, the value serves as long as the policy says, then an error says so; it recovers by itself")
    func outage() async throws {
        _ = try await current()
        key.fail(.unavailable("connection refused"))
        clock.advance(659)
        #expect(try await current() == SecretBytes(copying: [1]))
        clock.advance(1)
        await #expect(
            throws: SecretStoreError(
                store: "sealed", secret: "data-key", cause: .expired("the store last answered 660 s ago; cannot be had now: connection refused"))
        ) { try await current() }
        key.fail(nil)
        #expect(try await current() == SecretBytes(copying: [1]))
    }

    @Test("Without a value kept, an outage is an outage")
    func nothingKept() async throws {
        key.fail(.unavailable("connection refused"))
        await #expect(throws: SecretStoreError(store: "sealed", secret: "data-key", cause: .unavailable("connection refused"))) { try await current() }
    }

    @Test("A refusal counts at once and for good: the old value does not serve after it")
    func refusal() async throws {
        _ = try await current()
        key.fail(.denied("no more"))
        clock.advance(60)
        await #expect(throws: SecretStoreError.self) { try await current() }
        key.fail(.unavailable("gone"))
        await #expect(throws: SecretStoreError(store: "sealed", secret: "data-key", cause: .unavailable("gone"))) { try await current() }
    }

    @Test("What is changed through it is seen at once")
    func changes() async throws {
        _ = try await current()
        let second = try await store.put(SecretBytes(copying: [2]), as: "data-key", at: .current)
        #expect(try await current() == SecretBytes(copying: [2]))
        try await store.revoke(second.id, of: "data-key")
        await #expect(throws: SecretStoreError(store: "sealed", secret: "data-key", cause: .revoked)) { try await current() }
    }
}
