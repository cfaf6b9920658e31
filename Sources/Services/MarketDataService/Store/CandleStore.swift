import Exchange
import FoundationEssentials
import GRDB
import Storage
import Trading

/// A market's candles of one length.
struct CandleSeries: Hashable, Sendable {
    let symbol: String
    let interval: KlineInterval
}

/// Keeps closed candles, which never change, and knows where none are missing.
struct CandleStore: Sendable {
    let database: ServiceDatabase

    enum Failure: Error {
        case damagedRow
    }

    /// Oldest first; open times within `range`.
    func candles(of series: CandleSeries, in range: ClosedRange<Int64>, limit: Int) async throws -> [Kline] {
        try await database.readAll { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM candle WHERE symbol = ? AND interval = ? AND open_ms BETWEEN ? AND ? ORDER BY open_ms LIMIT ?",
                arguments: [series.symbol, series.interval.rawValue, range.lowerBound, range.upperBound, limit]
            ).map(Self.kline)
        }
    }

    /// Where every candle that the exchange has is here.
    func spans(of series: CandleSeries) async throws -> TimeSpans {
        try await database.readAll { try Self.spans(of: series, in: $0) }
    }

    /// Adds candles, all of them closed, and notes that nothing is missing in `span`.
    func add(_ candles: [Kline], to series: CandleSeries, complete span: ClosedRange<Int64>) async throws {
        try await database.write { db in
            for candle in candles { try Self.insert(candle, series, in: db) }
            var spans = try Self.spans(of: series, in: db)
            spans.insert(span, step: series.interval.milliseconds)
            try Self.save(spans, of: series, in: db)
        }
    }

    private static func insert(_ candle: Kline, _ series: CandleSeries, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO candle (symbol, interval, open_ms, open, high, low, close, volume, close_ms, quote_volume, trades)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                series.symbol, series.interval.rawValue, candle.openTime, candle.open.description, candle.high.description,
                candle.low.description, candle.close.description, candle.volume.description, candle.closeTime,
                candle.quoteVolume.description, candle.trades,
            ])
    }

    private static func spans(of series: CandleSeries, in db: Database) throws -> TimeSpans {
        let rows = try Row.fetchAll(
            db, sql: "SELECT first_ms, last_ms FROM candle_span WHERE symbol = ? AND interval = ? ORDER BY first_ms",
            arguments: [series.symbol, series.interval.rawValue])
        return TimeSpans(
            try rows.map { row in
                let (first, last): (Int64, Int64) = (row["first_ms"], row["last_ms"])
                guard first <= last else { throw Failure.damagedRow }
                return first...last
            })
    }

    private static func save(_ spans: TimeSpans, of series: CandleSeries, in db: Database) throws {
        try db.execute(
            sql: "DELETE FROM candle_span WHERE symbol = ? AND interval = ?", arguments: [series.symbol, series.interval.rawValue])
        for span in spans.ranges {
            try db.execute(
                sql: "INSERT INTO candle_span (symbol, interval, first_ms, last_ms) VALUES (?, ?, ?, ?)",
                arguments: [series.symbol, series.interval.rawValue, span.lowerBound, span.upperBound])
        }
    }

    private static func kline(_ row: Row) throws -> Kline {
        func number(_ column: String) throws -> Trading.Decimal {
            guard let value = Trading.Decimal(row[column] as String) else { throw Failure.damagedRow }
            return value
        }
        return Kline(
            openTime: row["open_ms"], open: try number("open"), high: try number("high"), low: try number("low"),
            close: try number("close"), volume: try number("volume"), closeTime: row["close_ms"],
            quoteVolume: try number("quote_volume"), trades: row["trades"])
    }
}
