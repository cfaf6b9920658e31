/// Ages, counts and waits of the service.
public struct MarketDataLimits: Sendable {
    /// A price this old is given out again without asking the exchange.
    public var freshFor: Duration = .milliseconds(250)
    /// A price this old is still given out when the exchange cannot be asked; beyond it the answer is UNAVAILABLE.
    public var staleAfter: Duration = .seconds(5)
    /// How long the newest candles are given out again without asking.
    public var candlesFreshFor: Duration = .seconds(1)
    /// Time between two readings for the streams.
    public var pollInterval: Duration = .seconds(1)
    /// Streams at the same time.
    public var maximumStreams = 200
    /// Different symbols in all streams together.
    public var maximumStreamedSymbols = 100
    /// Values kept in each cache.
    public var cacheCapacity = 500
    /// Requests to the exchange for one GetCandles.
    public var maximumCandleRequests = 10
    /// Time between two looks for the API key, before there is one and after.
    public var keyWait: Duration = .milliseconds(200)
    public var keyRecheck: Duration = .seconds(5)
    /// Time before a key that the exchange refused is tried again.
    public var refusedKeyWait: Duration = .seconds(30)
    /// How long a person's key waits for its activation, milliseconds, and the time between two looks for those that waited longer.
    public var pendingKeyMilliseconds: Int64 = 86_400_000
    public var pendingKeyRecheck: Duration = .seconds(600)

    public init() {}
}
