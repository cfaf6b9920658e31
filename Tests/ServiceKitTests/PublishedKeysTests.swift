import Crypto
import Identity
import MeshCall
import Synchronization
import Testing

@testable import ServiceKit

@Suite("Checking tokens with published keys")
struct PublishedKeysTests {
    private static let user = "8f3f1f9e-6f5e-4c1b-9d37-0f6f6c1f2a11"
    private let clock = HandClock()
    private let auth = KeyPublisher()

    private var keys: PublishedKeys { PublishedKeys(now: { [clock] in clock.now }, fetch: { [auth] in try auth.publish() }) }

    @Test("A token of a published key is accepted and its claims become the principal")
    func accepted() async throws {
        let token = try await issuer(auth.first).access(userID: Self.user, scope: ["chat"], methods: ["pwd", "otp"], sessionID: "s").token
        let principal = try await authenticator(keys).authenticate(bearer: token, accepting: [.access])
        #expect(principal.userID == Self.user)
        #expect(principal.scope == ["chat"])
        #expect(principal.methods == ["pwd", "otp"])
    }

    @Test("Another kind of token than the method takes is not valid")
    func otherKind() async throws {
        let token = try await issuer(auth.first).access(userID: Self.user, scope: ["chat"], methods: ["pwd"], sessionID: "s").token
        await #expect { try await authenticator(keys).authenticate(bearer: token, accepting: [.signOff]) } throws: {
            ($0 as? RPCError)?.code == .unauthenticated && ($0 as? RPCError)?.reason == "TOKEN_INVALID"
        }
    }

    @Test("A new key is fetched when a token names it")
    func newKey() async throws {
        let keys = keys
        _ = try await keys.current()
        clock.advance(by: .seconds(10))
        auth.addKey()
        let token = try await issuer(#require(auth.last)).access(userID: Self.user, scope: ["chat"], methods: ["pwd"], sessionID: "s").token
        #expect(try await authenticator(keys).authenticate(bearer: token, accepting: [.access]).userID == Self.user)
        #expect(auth.fetches == 2)
    }

    @Test("Unknown keys cannot make it fetch more often than every few seconds")
    func rateLimit() async throws {
        let keys = keys
        let stranger = try await issuer(Curve25519.Signing.PrivateKey()).access(userID: Self.user, scope: ["chat"], methods: ["pwd"], sessionID: "s").token
        for _ in 0..<20 {
            await #expect(throws: RPCError.self) { try await authenticator(keys).authenticate(bearer: stranger, accepting: [.access]) }
        }
        #expect(auth.fetches == 1)
        clock.advance(by: PublishedKeys.refetchInterval)
        await #expect(throws: RPCError.self) { try await authenticator(keys).authenticate(bearer: stranger, accepting: [.access]) }
        #expect(auth.fetches == 2)
    }

    @Test("While auth is away, keys serve on for a while and then no longer")
    func authAway() async throws {
        let keys = keys
        _ = try await keys.current()
        auth.isAway = true
        clock.advance(by: PublishedKeys.lifetime)
        _ = try await keys.current()
        clock.advance(by: PublishedKeys.longestLifetime)
        let token = try await issuer(auth.first).access(userID: Self.user, scope: ["chat"], methods: ["pwd"], sessionID: "s").token
        await #expect { try await authenticator(keys).authenticate(bearer: token, accepting: [.access]) } throws: {
            ($0 as? RPCError)?.code == .unavailable
        }
    }

    private func authenticator(_ keys: PublishedKeys) -> PublishedKeyAuthenticator {
        PublishedKeyAuthenticator(environment: "development", keys: keys)
    }

    private func issuer(_ key: Curve25519.Signing.PrivateKey) -> TokenIssuer {
        TokenIssuer(environment: "development", key: key)
    }
}

/// Stands where auth's answer would come from.
private final class KeyPublisher: Sendable {
    struct Away: Error {}

    let first = Curve25519.Signing.PrivateKey()
    private let state = Mutex((later: [Curve25519.Signing.PrivateKey](), fetches: 0, isAway: false))

    var fetches: Int { state.withLock { $0.fetches } }
    var last: Curve25519.Signing.PrivateKey? { state.withLock { $0.later.last } }
    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    func addKey() { state.withLock { $0.later.append(Curve25519.Signing.PrivateKey()) } }

    func publish() throws -> TokenKeySet {
        try state.withLock { state in
            state.fetches += 1
            guard !state.isAway else { throw Away() }
            let keys = ([first] + state.later).map { TokenKeySet.Key($0.publicKey) }
            return TokenKeySet(issuer: "https://auth.development.cryptopulse.internal", keys: keys)
        }
    }
}

/// A clock that a test moves.
private final class HandClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}
