import Trading

/// Reads an endpoint's parameters by name and type, with Binance's error for each way of being wrong.
struct ParameterReader: Sendable {
    let values: [String: String]

    private static let decimalRange = #"^([0-9]{1,20})(\.[0-9]{1,20})?$"#
    private static let integerRange = "^[0-9]{1,20}$"
    private static let symbolRange = "^[A-Z0-9-_.]{1,20}$"
    static let clientOrderIDRange = #"^[\.A-Z\:/a-z0-9_-]{1,36}$"#

    /// Nil when it was not sent.
    ///
    /// - Throws: -1105 when it was sent empty.
    func text(_ name: String) throws -> String? {
        guard let value = values[name] else { return nil }
        guard !value.isEmpty else { throw ExchangeFault.empty(name) }
        return value
    }

    /// - Throws: -1102 when it was not sent or is empty.
    func required(_ name: String) throws -> String {
        guard let value = values[name], !value.isEmpty else { throw ExchangeFault.mandatory(name) }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int64> = 0...(.max)) throws -> Int64? {
        guard let text = try text(name) else { return nil }
        guard text.utf8.allSatisfy({ Self.isDigit($0) }), let value = Int64(text) else {
            throw ExchangeFault.illegalCharacters(name, range: Self.integerRange)
        }
        guard range.contains(value) else { throw ExchangeFault.badData(name) }
        return value
    }

    /// Up to eight digits after the point.
    func decimal(_ name: String) throws -> Decimal? {
        guard let text = try text(name) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ (1...20).contains($0.count) && $0.allSatisfy(Self.isDigit) }), let value = try? Decimal(plain: text) else {
            throw ExchangeFault.illegalCharacters(name, range: Self.decimalRange)
        }
        let digits = parts.count == 2 ? parts[1].reversed().drop { $0 == UInt8(ascii: "0") }.count : 0
        guard digits <= SymbolRules.quotePrecision else { throw ExchangeFault.tooPrecise(name) }
        return value
    }

    func requiredDecimal(_ name: String) throws -> Decimal {
        _ = try required(name)
        guard let value = try decimal(name) else { throw ExchangeFault.mandatory(name) }
        return value
    }

    func boolean(_ name: String) throws -> Bool? {
        switch try text(name)?.lowercased() {
        case nil: nil
        case "true": true
        case "false": false
        default: throw ExchangeFault.badData(name)
        }
    }

    func symbol(_ name: String = "symbol") throws -> String? {
        try text(name).map { try Self.checkSymbol($0, name) }
    }

    func requiredSymbol() throws -> String {
        try Self.checkSymbol(try required("symbol"), "symbol")
    }

    /// A JSON array of symbols: `["BTCUSDT","ETHUSDT"]`.
    func symbols() throws -> [String]? {
        guard let text = try text("symbols") else { return nil }
        let fault = ExchangeFault.illegalCharacters("symbols", range: #"^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$"#)
        guard text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count > 2 else { throw fault }
        let names = try text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).map { item in
            guard item.utf8.count > 2, item.hasPrefix("\""), item.hasSuffix("\"") else { throw fault }
            return try Self.checkSymbol(String(item.dropFirst().dropLast()), "symbols")
        }
        guard Set(names).count == names.count else {
            throw ExchangeFault(code: -1151, message: "Symbol is present multiple times in the list.")
        }
        return names
    }

    func clientOrderID(_ name: String) throws -> String? {
        guard let text = try text(name) else { return nil }
        let legal = text.utf8.allSatisfy { Self.isDigit($0) || Self.isLetter($0) || ".:/_-".utf8.contains($0) }
        guard legal, text.utf8.count <= 36 else { throw ExchangeFault.illegalCharacters(name, range: Self.clientOrderIDRange) }
        return text
    }

    private static func checkSymbol(_ text: String, _ name: String) throws -> String {
        let legal = text.utf8.allSatisfy { isDigit($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || "-_.".utf8.contains($0) }
        guard legal, (1...20).contains(text.utf8.count) else { throw ExchangeFault.illegalCharacters(name, range: symbolRange) }
        return text
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
