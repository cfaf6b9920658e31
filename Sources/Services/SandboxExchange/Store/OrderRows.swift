import GRDB
import Trading

extension SandboxTransaction {
    /// - Returns: the order's id.
    func insert(_ order: Order) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO exchange_order (account, symbol, client_order_id, side, kind, time_in_force, price, quantity, quote_quantity,
                    executed, executed_quote, reserved, status, created_ms, updated_ms, checked_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                order.account, order.symbol, order.clientOrderID, order.side.rawValue, order.kind.rawValue, order.timeInForce.rawValue,
                order.price.description, order.quantity.description, order.quoteQuantity.description, order.executed.description,
                order.executedQuote.description, order.reserved.description, order.status.rawValue, order.createdTime, order.updatedTime,
                order.checkedTime,
            ])
        return db.lastInsertedRowID
    }

    /// Saves what can change of an order.
    func update(_ order: Order) throws {
        try db.execute(
            sql: """
                UPDATE exchange_order SET executed = ?, executed_quote = ?, reserved = ?, status = ?, updated_ms = ?, checked_ms = ? WHERE id = ?
                """,
            arguments: [
                order.executed.description, order.executedQuote.description, order.reserved.description, order.status.rawValue,
                order.updatedTime, order.checkedTime, order.id,
            ])
    }

    func order(_ account: Int64, symbol: String, id: Int64) throws -> Order? {
        try orders("account = ? AND symbol = ? AND id = ?", [account, symbol, id]).first
    }

    /// The last order of this client id: an id may be used again when its order is done.
    func order(_ account: Int64, symbol: String, clientOrderID: String) throws -> Order? {
        try orders("account = ? AND symbol = ? AND client_order_id = ? ORDER BY id DESC LIMIT 1", [account, symbol, clientOrderID]).first
    }

    /// Oldest first, of one symbol or all.
    func openOrders(_ account: Int64, symbol: String? = nil) throws -> [Order] {
        try orders(
            "account = ? AND status IN ('NEW', 'PARTIALLY_FILLED') AND (?2 IS NULL OR symbol = ?2) ORDER BY id", [account, symbol])
    }

    /// Oldest first: the first ones from `fromID`, else the last ones.
    func orders(_ account: Int64, symbol: String, fromID: Int64?, times: ClosedRange<Int64>, limit: Int) throws -> [Order] {
        let filter = "account = ? AND symbol = ? AND created_ms BETWEEN ? AND ?"
        let arguments: StatementArguments = [account, symbol, times.lowerBound, times.upperBound]
        if let fromID { return try orders("\(filter) AND id >= ? ORDER BY id LIMIT ?", arguments + [fromID, limit]) }
        return try orders("\(filter) ORDER BY id DESC LIMIT ?", arguments + [limit]).reversed()
    }

    private func orders(_ condition: String, _ arguments: StatementArguments) throws -> [Order] {
        try Row.fetchAll(db, sql: "SELECT * FROM exchange_order WHERE \(condition)", arguments: arguments).map(order)
    }

    private func order(_ row: Row) throws -> Order {
        guard let side = Order.Side(rawValue: row["side"]), let kind = Order.Kind(rawValue: row["kind"]),
            let timeInForce = Order.TimeInForce(rawValue: row["time_in_force"]), let status = Order.Status(rawValue: row["status"])
        else { throw Failure.damagedRow("exchange_order") }
        return Order(
            id: row["id"], account: row["account"], symbol: row["symbol"], clientOrderID: row["client_order_id"], side: side, kind: kind,
            timeInForce: timeInForce, price: try decimal(row, "price"), quantity: try decimal(row, "quantity"),
            quoteQuantity: try decimal(row, "quote_quantity"), executed: try decimal(row, "executed"),
            executedQuote: try decimal(row, "executed_quote"), reserved: try decimal(row, "reserved"), status: status,
            createdTime: row["created_ms"], updatedTime: row["updated_ms"], checkedTime: row["checked_ms"])
    }
}
