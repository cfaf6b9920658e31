internal import SecretStores
internal import Trading

/// The service's own part of its settings.
struct ExecutionOptions: Decodable, Sendable {
    struct Exchange: Decodable, Sendable {
        /// `https://host:port`
        var baseURL: String
        /// PEM file of the certificate authorities to trust; absent means the system's.
        var rootsPath: String?
    }

    struct Policy: Decodable, Sendable {
        var symbols: [String]
        /// What the limits are counted in; absent means USDT.
        var currency: String?
        var maxNotional: Trading.Decimal
        var secondFactorAbove: Trading.Decimal
        var proposalLifetimeSeconds: Int64
        var version: String
        /// Part of the market price; absent means 0.01.
        var slippageCap: Trading.Decimal?
    }

    var exchange: Exchange
    var policy: Policy
    /// Where people's trade keys are made and sign; absent means in this process, sealed in its database.
    var tradeKeys: RemoteKeySettings?

    /// - Throws: `ExecutionOptionsError`.
    func riskPolicy() throws -> RiskPolicy {
        let symbols = policy.symbols.compactMap(Symbol.init)
        guard symbols.count == policy.symbols.count, !symbols.isEmpty else { throw ExecutionOptionsError.badPolicy("symbols") }
        guard let currency = Asset(policy.currency ?? "USDT") else { throw ExecutionOptionsError.badPolicy("currency") }
        guard policy.maxNotional.isPositive else { throw ExecutionOptionsError.badPolicy("maxNotional") }
        guard (10...3600).contains(policy.proposalLifetimeSeconds) else { throw ExecutionOptionsError.badPolicy("proposalLifetimeSeconds") }
        guard !policy.version.isEmpty else { throw ExecutionOptionsError.badPolicy("version") }
        let slippage = try policy.slippageCap ?? Trading.Decimal(canonical: "0.01")
        guard slippage >= .zero, slippage < .one else { throw ExecutionOptionsError.badPolicy("slippageCap") }
        return RiskPolicy(
            version: policy.version, symbols: Set(symbols), currency: currency, maxNotional: policy.maxNotional,
            secondFactorAbove: policy.secondFactorAbove,
            proposalLifetimeSeconds: policy.proposalLifetimeSeconds, slippageCap: slippage)
    }
}

enum ExecutionOptionsError: Error, Equatable {
    /// The field of `policy` that cannot be used.
    case badPolicy(String)
}
