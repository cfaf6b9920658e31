import GRDB
import Trading

/// What one transaction can do with the exchange's books.
struct SandboxTransaction {
    let db: Database

    enum Failure: Error {
        case damagedRow(String)
    }

    func decimal(_ row: Row, _ column: String) throws -> Decimal {
        guard let value = Decimal(row[column] as String) else { throw Failure.damagedRow(column) }
        return value
    }

    func liquidity(_ symbol: String) throws -> Liquidity {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM liquidity WHERE symbol = ?", arguments: [symbol]) else {
            return Liquidity()
        }
        return Liquidity(candleOpenTime: row["candle_ms"], bought: try decimal(row, "bought"), sold: try decimal(row, "sold"))
    }

    func save(_ liquidity: Liquidity, of symbol: String) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO liquidity (symbol, candle_ms, bought, sold) VALUES (?, ?, ?, ?)",
            arguments: [symbol, liquidity.candleOpenTime, liquidity.bought.description, liquidity.sold.description])
    }

    /// The clock that this market was started with, or `fresh` when it never ran.
    func clock(of market: String, fresh: MarketClock) throws -> MarketClock {
        if let row = try Row.fetchOne(db, sql: "SELECT * FROM market_clock WHERE market = ?", arguments: [market]) {
            return MarketClock(wallAnchor: row["wall_ms"], marketAnchor: row["market_ms"], speed: row["speed"])
        }
        try db.execute(
            sql: "INSERT INTO market_clock (market, wall_ms, market_ms, speed) VALUES (?, ?, ?, ?)",
            arguments: [market, fresh.wallAnchor, fresh.marketAnchor, fresh.speed])
        return fresh
    }
}
