/// The service's own settings.
public struct SandboxConfiguration: Sendable, Codable {
    /// A candle file in Binance's columns; nil generates prices. The file's name begins with the symbol: `BTCUSDT-1m-2022-01.csv`.
    public var candles: String?
    /// Of the generated prices.
    public var seed: UInt64
    /// Market milliseconds per millisecond, 0 to 1,000,000; only with a candle file.
    public var speed: Int64
    /// Market time at the first start, milliseconds since 1970; only with a candle file. Nil is a week into it, or half of it if shorter:
    /// some history is then there to look at.
    public var start: Int64?
    /// Request weight that an address may use in a minute.
    public var weightPerMinute: Int
    public var ordersPerTenSeconds: Int

    public init(
        candles: String? = nil, seed: UInt64 = 1, speed: Int64 = 1, start: Int64? = nil, weightPerMinute: Int = 6000,
        ordersPerTenSeconds: Int = 100
    ) {
        self.candles = candles
        self.seed = seed
        self.speed = speed
        self.start = start
        self.weightPerMinute = weightPerMinute
        self.ordersPerTenSeconds = ordersPerTenSeconds
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            candles: try container.decodeIfPresent(String.self, forKey: .candles),
            seed: try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 1,
            speed: try container.decodeIfPresent(Int64.self, forKey: .speed) ?? 1,
            start: try container.decodeIfPresent(Int64.self, forKey: .start),
            weightPerMinute: try container.decodeIfPresent(Int.self, forKey: .weightPerMinute) ?? 6000,
            ordersPerTenSeconds: try container.decodeIfPresent(Int.self, forKey: .ordersPerTenSeconds) ?? 100)
    }
}
