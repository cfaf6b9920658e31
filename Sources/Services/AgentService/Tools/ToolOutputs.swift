internal import Trading

// What the tools give back, as JSON. Decimals are canonical strings.

struct PriceOutput: Codable, Sendable, Equatable {
    var symbol: String
    var price: Trading.Decimal
    var bid: Trading.Decimal
    var ask: Trading.Decimal
    /// Milliseconds since 1970.
    var time: Int64
}

struct CandlesOutput: Codable, Sendable, Equatable {
    var symbol: String
    var interval: String
    var candles: [CandleBar]
}

struct IndicatorsOutput: Codable, Sendable, Equatable {
    var symbol: String
    var interval: String
    /// Candles that the figures are of; may be fewer than asked for.
    var candles: Int
    var indicators: Indicators
}

struct PortfolioOutput: Codable, Sendable, Equatable {
    struct Balance: Codable, Sendable, Equatable {
        var asset: String
        var free: Trading.Decimal
        var locked: Trading.Decimal
    }

    var balances: [Balance]
}

struct OpenOrdersOutput: Codable, Sendable, Equatable {
    struct Order: Codable, Sendable, Equatable {
        var symbol: String
        var side: String
        var type: String
        /// Base quantity; empty when the order names an amount of quote.
        var quantity: String
        var executed: String
        /// Empty for a market order.
        var price: String
        var state: String
    }

    var orders: [Order]
}

struct ProposalOutput: Codable, Sendable, Equatable {
    struct Field: Codable, Sendable, Equatable {
        var name: String
        var value: String
        /// user, policy, derived or model.
        var provenance: String
    }

    var proposalID: String
    var fields: [Field]
    var needsSecondFactor: Bool
    var secondFactorReason: String
    /// Seconds from when it was made.
    var expiresIn: Int64

    func value(of field: String) -> String? {
        fields.first { $0.name == field }.map(\.value).flatMap { $0.isEmpty ? nil : $0 }
    }
}
