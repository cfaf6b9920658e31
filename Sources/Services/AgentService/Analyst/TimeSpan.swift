/// A stretch of time that a question is about, and the candles that cover it.
struct TimeSpan: Sendable, Equatable {
    var words: String
    var interval: String
    var candles: UInt32

    static let hour = TimeSpan(words: "the last hour", interval: "1m", candles: 60)
    static let day = TimeSpan(words: "the last 24 hours", interval: "15m", candles: 96)
    static let week = TimeSpan(words: "the last 7 days", interval: "1h", candles: 168)
    static let month = TimeSpan(words: "the last 30 days", interval: "4h", candles: 180)
    static let year = TimeSpan(words: "the last 365 days", interval: "1d", candles: 365)

    private static let named: [(words: Set<String>, span: TimeSpan)] = [
        (["hour", "hourly", "minutes", "1h", "60m"], hour), (["week", "weekly", "7d", "1w"], week), (["month", "monthly", "30d"], month),
        (["year", "yearly", "365d", "ytd"], year), (["day", "daily", "today", "24h", "24", "yesterday", "1d"], day),
    ]

    /// nil when none is named.
    init?(in question: Question) {
        guard let found = Self.named.first(where: { question.says($0.words) }) else { return nil }
        self = found.span
    }

    private init(words: String, interval: String, candles: UInt32) {
        self.words = words
        self.interval = interval
        self.candles = candles
    }
}
