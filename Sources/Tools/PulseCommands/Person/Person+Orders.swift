import NIOHTTP1

extension Person {
    package func proposal(_ id: String) async throws -> ProposalAnswer {
        try await get("/v1/proposals/\(id)")
    }

    /// Signs the bytes that were shown: the digest is the one computed from them here.
    ///
    /// - Parameter code: a one-time code, when the proposal asks for a second factor.
    package func sign(_ shown: ProposalText, code: String?) async throws -> OrderAnswer {
        var body = ["digest": shown.digest]
        body["code"] = code
        return try await post("/v1/proposals/\(shown.id)/sign", body)
    }

    package func orders() async throws -> [OrderAnswer] {
        let list: OrderList = try await get("/v1/orders")
        return list.orders
    }

    package func portfolio() async throws -> [PortfolioAnswer.Balance] {
        let answer: PortfolioAnswer = try await get("/v1/portfolio")
        return answer.balances
    }

    /// A key at the exchange: who uses it and for what.
    package enum ExchangeKeyPurpose: String, CaseIterable, Sendable {
        /// execution trades with it.
        case trade
        /// market-data reads balances with it.
        case read

        fileprivate var path: String { self == .trade ? "/v1/exchange-keys" : "/v1/read-keys" }
    }

    /// Links a key at the exchange: the pair is made in the service that will use it, its public half registered, the API key handed over.
    ///
    /// - Returns: what the exchange would not say of the key.
    @discardableResult
    package func linkExchange(
        to purpose: ExchangeKeyPurpose = .trade, register: (_ publicKeyPEM: String) async throws -> String
    ) async throws -> [String] {
        let key: ExchangeKeyAnswer = try await post(purpose.path)
        let apiKey = try await register(key.publicKeyPem)
        let linked: LinkedKeyAnswer = try await post("\(purpose.path)/\(key.keyId)/activate", ["api_key": apiKey])
        return linked.notChecked
    }

    /// Ends all keys of this purpose: nothing is done with them from the answer on.
    package func unlinkExchange(_ purpose: ExchangeKeyPurpose, reason: String = "") async throws -> RevokedKeysAnswer {
        try await post("\(purpose.path)/revoke", ["reason": reason])
    }
}
