internal import Identity
internal import MeshCall
internal import ServiceAPI

/// The keys that auth publishes, kept for a while. One fetch runs at a time, and nobody can make this process fetch more often than
/// every few seconds.
actor PublishedKeys {
    /// Keys this old are fetched anew, so that a withdrawn one goes.
    static let lifetime = Duration.seconds(300)
    /// Keys this old are no longer used, even when auth cannot be reached.
    static let longestLifetime = Duration.seconds(900)
    /// Least time between two fetches that unknown key ids ask for.
    static let refetchInterval = Duration.seconds(3)
    static let fetchTime = Duration.seconds(2)

    private let fetch: @Sendable () async throws -> TokenKeySet
    private let now: @Sendable () -> ContinuousClock.Instant
    private var cached: (keys: TokenKeySet, at: ContinuousClock.Instant)?
    private var lastFetch: ContinuousClock.Instant?
    private var running: Task<TokenKeySet, any Error>?
    /// Counts what auth said of changes: an answer to a question asked before the last is not kept.
    private var generation = 0

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, fetch: @escaping @Sendable () async throws -> TokenKeySet) {
        self.now = now
        self.fetch = fetch
    }

    /// - Parameter auth: a channel to the service that publishes the keys.
    init(auth: any CallChannel) {
        self.init {
            let published = try await AuthV1.AuthClient(auth).getKeys(.init(), options: CallOptions(timeout: Self.fetchTime))
            return TokenKeySet(
                issuer: published.issuer,
                keys: try published.keys.map { try .init(kid: $0.kid, algorithm: $0.algorithm, publicKey: $0.publicKey) })
        }
    }

    /// auth says that the keys are now those of this name: if they are others, those here are of no more use.
    func changed(to name: [UInt8]) async {
        guard cached?.keys.name != name else { return }
        generation += 1
        (cached, running) = (nil, nil)
        _ = try? await fetchOnce()
    }

    /// - Throws: what the fetch throws when there are no keys that may still be used.
    func current() async throws -> TokenKeySet {
        guard let cached, cached.at.duration(to: now()) < Self.lifetime else {
            do {
                return try await fetchOnce()
            } catch {
                guard let cached, cached.at.duration(to: now()) < Self.longestLifetime else { throw error }
                return cached.keys
            }
        }
        return cached.keys
    }

    /// For a token whose key is unknown: fetches again unless that was done just now.
    func renewed() async throws -> TokenKeySet {
        if let lastFetch, let cached, lastFetch.duration(to: now()) < Self.refetchInterval { return cached.keys }
        return try await fetchOnce()
    }

    private func fetchOnce() async throws -> TokenKeySet {
        if let running { return try await running.value }
        lastFetch = now()
        // Not tied to the call that happens to be first: others wait for it too.
        let task = Task.detached { [fetch] in try await fetch() }
        let asked = generation
        running = task
        defer {
            if asked == generation { running = nil }
        }
        let keys = try await task.value
        guard asked == generation else { return try await fetchOnce() }
        cached = (keys, now())
        return keys
    }
}
