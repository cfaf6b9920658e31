import GRDB
import Trading

/// A fill with the ids that the exchange gave it.
struct Trade: Sendable, Equatable {
    let id: Int64
    let orderID: Int64
    let symbol: String
    let isBuyer: Bool
    let fill: Fill
}

extension SandboxTransaction {
    func insert(_ fill: Fill, of order: Order) throws -> Trade {
        try db.execute(
            sql: """
                INSERT INTO trade (order_id, account, symbol, price, quantity, quote, commission, commission_asset, is_buyer, is_maker, time_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                order.id, order.account, order.symbol, fill.price.description, fill.quantity.description, fill.quote.description,
                fill.commission.description, fill.commissionAsset, order.side == .buy, fill.isMaker, fill.time,
            ])
        return Trade(id: db.lastInsertedRowID, orderID: order.id, symbol: order.symbol, isBuyer: order.side == .buy, fill: fill)
    }

    /// Oldest first: the first ones from `fromID`, else the last ones.
    func trades(
        _ account: Int64, symbol: String, orderID: Int64?, fromID: Int64?, times: ClosedRange<Int64>, limit: Int
    ) throws -> [Trade] {
        let filter = "account = ?1 AND symbol = ?2 AND time_ms BETWEEN ?3 AND ?4 AND (?5 IS NULL OR order_id = ?5) AND id >= ?6"
        let order = fromID == nil ? "DESC" : "ASC"
        let rows = try Row.fetchAll(
            db, sql: "SELECT * FROM trade WHERE \(filter) ORDER BY id \(order) LIMIT ?7",
            arguments: [account, symbol, times.lowerBound, times.upperBound, orderID, fromID ?? 0, limit])
        let trades = try rows.map(trade)
        return fromID == nil ? trades.reversed() : trades
    }

    private func trade(_ row: Row) throws -> Trade {
        let fill = Fill(
            price: try decimal(row, "price"), quantity: try decimal(row, "quantity"), quote: try decimal(row, "quote"),
            commission: try decimal(row, "commission"), commissionAsset: row["commission_asset"], isMaker: row["is_maker"],
            time: row["time_ms"])
        return Trade(id: row["id"], orderID: row["order_id"], symbol: row["symbol"], isBuyer: row["is_buyer"], fill: fill)
    }
}
