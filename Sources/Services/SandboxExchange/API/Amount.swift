import Trading

/// A decimal as Binance writes it: a string with eight digits after the point.
struct Amount: Encodable, Sendable {
    let value: Decimal

    init(_ value: Decimal) {
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.text(minimumScale: SymbolRules.quotePrecision))
    }
}
