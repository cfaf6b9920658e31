/// An exchange's name for a market: `BTCUSDT`. 2 to 20 ASCII capital letters and digits.
public struct Symbol: Sendable, Hashable, CustomStringConvertible {
    public let name: String

    /// Nil when `name` is not of that form; nothing is corrected.
    public init?(_ name: String) {
        guard TickerText.isValid(name, length: 2...20) else { return nil }
        self.name = name
    }

    public var description: String { name }
}

/// An exchange's name for what is traded: `BTC`. 1 to 12 ASCII capital letters and digits.
public struct Asset: Sendable, Hashable, CustomStringConvertible {
    public let name: String

    /// Nil when `name` is not of that form; nothing is corrected.
    public init?(_ name: String) {
        guard TickerText.isValid(name, length: 1...12) else { return nil }
        self.name = name
    }

    public var description: String { name }
}

enum TickerText {
    static func isValid(_ name: String, length: ClosedRange<Int>) -> Bool {
        length.contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}
