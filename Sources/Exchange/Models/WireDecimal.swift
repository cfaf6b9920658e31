import Trading

/// A decimal as the exchange writes it: a JSON string with trailing zeros, such as "0.01000000".
struct WireDecimal: Decodable {
    let value: Trading.Decimal

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            value = try Trading.Decimal(plain: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a decimal")
        }
    }
}

extension KeyedDecodingContainer {
    func decimal(_ key: Key) throws -> Trading.Decimal {
        try decode(WireDecimal.self, forKey: key).value
    }

    func optionalDecimal(_ key: Key) throws -> Trading.Decimal? {
        try decodeIfPresent(WireDecimal.self, forKey: key)?.value
    }
}
