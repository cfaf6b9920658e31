internal import Identity
internal import MeshCall

/// The keys that auth publishes, kept for a while. One fetch runs at a time, and nobody can make this process fetch more often than
/// every few seconds.
actor PublishedKeys {
    /// Keys this old are fetched anew, so that a withdrawn one goes.
    static let lifetime = Duration.seconds(300)
    /// Keys this old are no longer used, even when auth cannot be reached.
    static let longestLifetime = Duration.seconds(900)
    /// Least time between two fetches that unknown key ids ask for.
    static let refetchInterval = Duration.seconds(3)

    private let fetch: @Sendable () async throws -> TokenKeySet
    private let now: @Sendable () -> ContinuousClock.Instant
    private var cached: (keys: TokenKeySet, at: ContinuousClock.Instant)?
    private var lastFetch: ContinuousClock.Instant?
    private var running: Task<TokenKeySet, any Error>?

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, fetch: @escaping @Sendable () async throws -> TokenKeySet) {
        self.now = now
        self.fetch = fetch
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
        running = task
        defer { running = nil }
        let keys = try await task.value
        cached = (keys, now())
        return keys
    }
}
