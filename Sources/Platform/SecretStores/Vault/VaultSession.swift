internal import FoundationEssentials
internal import Secrets

/// Keeps a token alive: logs in when there is none, renews it, and logs in anew when Vault no longer knows it.
actor VaultSession {
    private let client: VaultClient
    private let login: VaultLogin
    private var token: (bytes: SecretBytes, lease: TokenLease)?
    /// One login or renewal at a time, for whoever waits.
    private var refreshing: Task<SecretBytes, any Error>?

    init(client: VaultClient, login: VaultLogin) {
        self.client = client
        self.login = login
    }

    /// Asks with the token at hand; once more after a new login when the token has ended, since it may be revoked at any time.
    nonisolated func answer<Body, Contents: Decodable & Sendable>(
        _ call: VaultClient.Call<Body>, as type: Contents.Type
    ) async throws -> VaultReply<Contents> {
        let token = try await usableToken()
        do {
            return try await client.answer(call, token: token, as: type)
        } catch let denial as SecretStoreError.Cause where denial.isDenial {
            // A policy that says no says it to the next token too.
            guard try await hasEnded(token) else { throw denial }
            await discard(token)
            return try await client.answer(call, token: try await usableToken(), as: type)
        }
    }

    /// Asked with nothing but the token itself. Whoever may not even ask that is taken for ended.
    ///
    /// - Throws: the cause, where nobody can say: it is no denial then.
    private nonisolated func hasEnded(_ token: SecretBytes) async throws -> Bool {
        do {
            _ = try await client.answer(VaultClient.Call<VaultNothing>("GET", "auth/token/lookup-self"), token: token, as: VaultNothing.self)
            return false
        } catch let cause as SecretStoreError.Cause where !cause.isTransient {
            return true
        }
    }

    private func usableToken() async throws -> SecretBytes {
        switch token.map({ $0.lease.step(at: .now) }) {
        case .use: if let token { return token.bytes }
        case .renew, .logIn, nil: break
        }
        if let refreshing { return try await StoreOperation.shared(refreshing) }
        let task = StoreOperation.share { try await self.refreshOnce() }
        refreshing = task
        return try await StoreOperation.shared(task)
    }

    /// Another caller may have logged in meanwhile.
    private func discard(_ refused: SecretBytes) {
        if token?.bytes == refused { token = nil }
    }

    private func refreshOnce() async throws -> SecretBytes {
        defer { refreshing = nil }
        return try await refresh()
    }

    private func refresh() async throws -> SecretBytes {
        if let token, token.lease.step(at: .now) == .renew, let renewed = try await renewed(token.bytes) { return renewed }
        let asked = ContinuousClock.now
        let auth = try await login.run()
        return keep(auth, asked)
    }

    /// - Returns: nil when the token cannot be renewed: its longest life is over, or it was revoked.
    private func renewed(_ bytes: SecretBytes) async throws -> SecretBytes? {
        let asked = ContinuousClock.now
        do {
            let call = VaultClient.Call<VaultNothing>("POST", "auth/token/renew-self")
            guard let auth = try await client.answer(call, token: bytes, as: VaultNothing.self).auth else { return nil }
            let lease = TokenLease(auth, issued: asked)
            // Renewed for no time worth mentioning: near the end of its longest life.
            guard lease.duration.map({ $0 > .seconds(1) }) ?? true else { return nil }
            return keep(auth, asked)
        } catch let cause as SecretStoreError.Cause where !cause.isTransient {
            return nil
        }
    }

    private func keep(_ auth: VaultAuth, _ asked: ContinuousClock.Instant) -> SecretBytes {
        let bytes = SecretBytes(copying: Array(auth.client_token.utf8))
        token = (bytes, TokenLease(auth, issued: asked))
        return bytes
    }
}
