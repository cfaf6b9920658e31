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

    /// Links an account at the sandbox exchange: a key pair is made in execution, its public half registered, the API key handed over.
    package func linkExchange(register: (_ publicKeyPEM: String) async throws -> String) async throws {
        let key: ExchangeKeyAnswer = try await post("/v1/exchange-keys")
        let apiKey = try await register(key.publicKeyPem)
        _ = try await gateway.send(
            .POST, "/v1/exchange-keys/\(key.keyId)/activate", body: ["api_key": apiKey], token: token())
    }
}
