import FoundationEssentials
import ServiceAPI
import Testing
import Trading

/// The real month, read here independently of the sandbox's own reader.
enum Recording {
    static let start: Int64 = 1_640_995_200_000

    private static let folder = ProcessInfo.processInfo.environment["CRYPTOPULSE_TEST_DATA"]

    /// Without the data the tests are skipped; in CI they fail.
    static var isExpected: Bool { folder != nil || ProcessInfo.processInfo.environment["CI"] == "true" }

    static var path: String {
        get throws { try #require(folder, "CRYPTOPULSE_TEST_DATA is not set") + "/data/BTCUSDT-1m-2022-01.csv" }
    }

    private static let rows = Result { try read() }

    private static func read() throws -> [MarketDataV1.Candle] {
        let file = try path
        let data = try #require(FileManager.default.contents(atPath: file))
        let text = String(decoding: data, as: UTF8.self)
        return try text.split(separator: "\n").dropFirst().prefix(4000).map(candle)
    }

    private static func candle(_ line: Substring) throws -> MarketDataV1.Candle {
        let fields = line.split(separator: ",").map(String.init)
        func canonical(_ index: Int) throws -> String { try Trading.Decimal(plain: fields[index]).description }
        return MarketDataV1.Candle(
            openTimeMs: try #require(Int64(fields[0])), open: try canonical(1), high: try canonical(2), low: try canonical(3),
            close: try canonical(4), volume: try canonical(5), closeTimeMs: try #require(Int64(fields[6])),
            quoteVolume: try canonical(7), trades: try #require(UInt64(fields[8])))
    }

    /// The first days.
    static var candles: [MarketDataV1.Candle] {
        get throws { try rows.get() }
    }
}

/// Reads a canonical decimal.
func decimal(_ text: String) throws -> Trading.Decimal {
    try Trading.Decimal(canonical: text)
}
